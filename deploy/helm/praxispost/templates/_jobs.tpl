{{- define "praxispost.jobLimits" -}}
backoffLimit: {{ .Values.migrations.backoffLimit }}
activeDeadlineSeconds: {{ .Values.migrations.deadlineSeconds }}
ttlSecondsAfterFinished: {{ .Values.migrations.ttlSeconds }}
{{- end -}}

{{- define "praxispost.jobPod" -}}
{{- $root := index . 0 -}}
{{- if and (eq $root.Values.migrations.mode "hook") $root.Values.serviceAccount.create -}}
{{/* A hook runs before the release's own ServiceAccount is there. */}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- include "praxispost.pullSecrets" $root }}
{{- else -}}
{{ include "praxispost.podBase" . }}
{{- end }}
restartPolicy: OnFailure
{{- end -}}
