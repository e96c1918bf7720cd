{{/* The injector's names are fixed: the executables, RBAC and the certificate agree on them. One release per cluster. */}}
{{- define "sidecar.name" -}}sidecar-injector{{- end }}

{{- define "sidecar.certificateSecret" -}}
{{- if eq .Values.certificates.mode "self" }}sidecar-injector-certificate
{{- else if eq .Values.certificates.mode "cert-manager" }}sidecar-injector-cert-manager
{{- else }}{{ .Values.certificates.supplied.secretName }}
{{- end }}
{{- end }}

{{- define "sidecar.selector" -}}
app.kubernetes.io/name: sidecar-injector
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sidecar.labels" -}}
{{ include "sidecar.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: sidecar
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Reference of an image: list of context, name, and the whole reference if one is written. */}}
{{- define "sidecar.image" -}}
{{- $root := index . 0 }}{{ $name := index . 1 }}{{ $whole := index . 2 }}
{{- if $whole }}{{ $whole }}
{{- else }}
{{- with $root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $name }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* Text when the injector itself writes caBundle, else nothing: with cert-manager its injector does, and a supplied one
stands in the values. */}}
{{- define "sidecar.writesCaBundle" -}}
{{- if or (eq .Values.certificates.mode "self") (and (eq .Values.certificates.mode "supplied") (not .Values.certificates.supplied.caBundle)) }}yes{{ end }}
{{- end }}
