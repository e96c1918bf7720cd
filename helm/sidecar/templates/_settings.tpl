{{/* The injector's settings file. Closed: a key that the injector does not know stops it, so this is the one place. */}}
{{- define "sidecar.settings" -}}
images:
  proxy: {{ include "sidecar.image" (list . "sidecar-proxy" .Values.proxy.image) | quote }}
  init: {{ include "sidecar.image" (list . "sidecar-init" .Values.init.image) | quote }}
  pullPolicy: {{ .Values.image.pullPolicy }}
nativeSidecar: {{ .Values.injector.nativeSidecar }}
redirectBackend: {{ .Values.init.redirectBackend }}
defaults:
  {{- range $key, $value := .Values.proxy.defaults }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
environment:
  {{- toYaml .Values.proxy.environment | nindent 2 }}
{{- end }}
