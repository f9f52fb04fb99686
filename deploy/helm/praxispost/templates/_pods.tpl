{{/* What every container may and may not do (Pod Security "restricted"). */}}
{{- define "praxispost.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{- define "praxispost.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What all pods have: (list $ "identity"). */}}
{{- define "praxispost.podBase" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "praxispost.serviceAccountName" $root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- include "praxispost.pullSecrets" $root }}
{{- end -}}

{{/* Volumes: a small /tmp, the secrets, and the keys and certificates that the process is given. (list $ service gives secrets isServer) */}}
{{- define "praxispost.volumes" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $gives := index . 2 -}}
- name: tmp
  emptyDir: { medium: Memory, sizeLimit: 256Mi }
{{- with index . 3 }}
{{ include "praxispost.secretVolume" . }}
{{- end }}
{{- if has "keys" $gives }}
- name: wrapping-keys
  secret: { secretName: {{ required (printf "services.%s.wrappingKeys.existingSecret is missing: name the Secret with the wrapping keys" $service) (index $root.Values.services $service).wrappingKeys.existingSecret }}, defaultMode: 0440 }
{{- end }}
{{- if and (has "mail" $gives) $root.Values.smtp.ca.existingConfigMap }}
- name: smtp-ca
  configMap: { name: {{ $root.Values.smtp.ca.existingConfigMap }}, items: [{ key: {{ $root.Values.smtp.ca.key }}, path: ca.crt }] }
{{- end }}
{{- if has "tls" $gives }}
- name: tls
  secret: { secretName: {{ include "praxispost.tlsSecret" (list $root $service) }}, defaultMode: 0440 }
{{- end }}
{{- end -}}

{{- define "praxispost.mounts" -}}
{{- $root := index . 0 -}}
{{- $gives := index . 1 -}}
- { name: tmp, mountPath: /tmp }
{{- if index . 2 }}
- { name: secrets, mountPath: /run/praxispost/secrets, readOnly: true }
{{- end }}
{{- if has "keys" $gives }}
- { name: wrapping-keys, mountPath: /run/praxispost/wrapping-keys, readOnly: true }
{{- end }}
{{- if and (has "mail" $gives) $root.Values.smtp.ca.existingConfigMap }}
- { name: smtp-ca, mountPath: /run/praxispost/smtp-ca, readOnly: true }
{{- end }}
{{- if has "tls" $gives }}
- { name: tls, mountPath: /run/praxispost/tls, readOnly: true }
{{- end }}
{{- end -}}

{{/* The Secret with a service's certificate. */}}
{{- define "praxispost.tlsSecret" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- if eq $root.Values.tls.mode "certManager" -}}
{{- printf "%s-%s-tls" (include "praxispost.fullname" $root) $service -}}
{{- else -}}
{{- required (printf "tls.existingSecrets.%s is missing: name the Secret with tls.crt, tls.key and ca.crt" $service) (index $root.Values.tls.existingSecrets $service) -}}
{{- end -}}
{{- end -}}
