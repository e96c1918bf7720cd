{{/* What both configurations share. The CA: where the injector writes it, or cert-manager's does, the field is not rendered,
and an upgrade, which merges three ways, leaves what stands there. */}}
{{- define "sidecar.webhookAnnotations" -}}
{{- if eq .Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "sidecar.name" . }}
{{- end }}
{{- end }}

{{/* List of context and path. */}}
{{- define "sidecar.clientConfig" -}}
{{- $root := index . 0 -}}
{{- if and (eq $root.Values.certificates.mode "supplied") $root.Values.certificates.supplied.caBundle -}}
caBundle: {{ $root.Values.certificates.supplied.caBundle | b64enc }}
{{ end -}}
service:
  name: {{ include "sidecar.name" $root }}
  namespace: {{ $root.Release.Namespace }}
  path: {{ index . 1 }}
  port: 443
{{- end }}

{{/* Everything of a pod entry that is not its selectors. */}}
{{- define "sidecar.podWebhook" -}}
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
    scope: Namespaced
clientConfig:
  {{- include "sidecar.clientConfig" (list . "/inject") | nindent 2 }}
admissionReviewVersions: [v1]
sideEffects: None
# Called again when a later webhook changed the pod; the second call finds nothing to do.
reinvocationPolicy: IfNeeded
matchPolicy: Equivalent
failurePolicy: {{ .Values.webhook.failurePolicy }}
timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
{{- end }}
