{{/*
The secrets of a process, each a file below /run/praxispost: PRAXISPOST_X_FILE names it. One entry an item:
{ env, path, secret, key }; "praxispost.secret" makes the entry and says what is missing.
*/}}
{{- define "praxispost.secret" -}}
{{- $at := index . 0 -}}
{{- $source := index . 1 -}}
{{- $keyField := index . 2 -}}
{{- $secret := required (printf "%s.existingSecret is missing: name the Secret" $at) $source.existingSecret -}}
{{- $key := required (printf "%s.%s is missing: name the key in the Secret" $at $keyField) (index $source $keyField) -}}
- { env: {{ index . 3 }}, path: {{ index . 4 }}, secret: {{ $secret }}, key: {{ $key | quote }} }
{{ end -}}

{{- define "praxispost.secretsOf" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $gives := index . 2 -}}
{{- $own := index $root.Values.services $service -}}
{{- $at := printf "services.%s" $service -}}
{{- if has "database" $gives }}
{{ include "praxispost.secret" (list (printf "%s.database" $at) $own.database "urlKey" "DATABASE_URL" "database-url") }}
{{- end }}
{{- if or (has "keys" $gives) (has "keyDatabase" $gives) }}
{{ include "praxispost.secret" (list (printf "%s.database" $at) $own.database "keysUrlKey" "KEYS_DATABASE_URL" "keys-database-url") }}
{{- end }}
{{- if has "migration" $gives }}
{{ include "praxispost.secret" (list (printf "%s.migration" $at) $own.migration "urlKey" "MIGRATE_DATABASE_URL" "migrate-database-url") }}
{{- if include "praxispost.hasKeys" $service }}
{{ include "praxispost.secret" (list (printf "%s.migration" $at) $own.migration "keysUrlKey" "MIGRATE_KEYS_DATABASE_URL" "migrate-keys-database-url") }}
{{- end }}
{{- end }}
{{- if has "rabbitmq" $gives }}
{{ include "praxispost.secret" (list (printf "%s.rabbitmq" $at) $own.rabbitmq "urlKey" "AMQP_URL" "amqp-url") }}
{{- end }}
{{- if has "account" $gives }}
{{ include "praxispost.secret" (list (printf "%s.account" $at) $own.account "secretKey" "SERVICE_ACCOUNT_SECRET" "account-secret") }}
{{- end }}
{{- if has "s3" $gives }}
{{ include "praxispost.secret" (list "s3.credentials" $root.Values.s3.credentials "accessKeyKey" "S3_ACCESS_KEY" "s3-access-key") }}
{{ include "praxispost.secret" (list "s3.credentials" $root.Values.s3.credentials "secretKeyKey" "S3_SECRET_KEY" "s3-secret-key") }}
{{- end }}
{{- if and (has "mail" $gives) $root.Values.smtp.username }}
{{ include "praxispost.secret" (list "smtp.credentials" $root.Values.smtp.credentials "passwordKey" "SMTP_PASSWORD" "smtp-password") }}
{{- end }}
{{- if has "sms" $gives }}
{{ include "praxispost.secret" (list "sms.request" $root.Values.sms.request "urlKey" "SMS_URL" "sms-url") }}
{{ include "praxispost.secret" (list "sms.request" $root.Values.sms.request "headersKey" "SMS_HEADERS" "sms-headers") }}
{{- end }}
{{- if has "portal" $gives }}
{{ include "praxispost.secret" (list "portal.cookieKey" $root.Values.portal.cookieKey "key" "COOKIE_KEY" "cookie-key") }}
{{- end }}
{{- end -}}

{{/* The projected volume of these secrets, one read-only file each. */}}
{{- define "praxispost.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
    {{- range . }}
      - secret: { name: {{ .secret }}, items: [{ key: {{ .key | quote }}, path: {{ .path }} }] }
    {{- end }}
{{- end -}}
