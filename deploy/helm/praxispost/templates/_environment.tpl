{{/* What a process reads from its environment: (list $ "messaging" "api" gives calls secrets). */}}
{{- define "praxispost.environment" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $kind := index . 2 -}}
{{- $gives := index . 3 -}}
{{- $calls := index . 4 -}}
{{- $values := $root.Values -}}
- { name: PRAXISPOST_LOG_LEVEL, value: {{ $values.logLevel | quote }} }
{{- range index . 5 }}
- { name: PRAXISPOST_{{ .env }}_FILE, value: /run/praxispost/secrets/{{ .path }} }
{{- end }}
{{- if has $kind (list "api" "worker" "intake" "web" "bounce") }}
- { name: PRAXISPOST_METRICS_HOST, value: "0.0.0.0" }
- { name: PRAXISPOST_METRICS_PORT, value: "9464" }
{{- end }}
{{- if include "praxispost.traced" (list $root $kind) }}
- { name: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, value: {{ $values.monitoring.traces.endpoint | quote }} }
- { name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio }
- { name: OTEL_TRACES_SAMPLER_ARG, value: {{ $values.monitoring.traces.share | quote }} }
{{- end }}
{{- if eq $kind "api" }}
- { name: PRAXISPOST_GRPC_HOST, value: "0.0.0.0" }
- { name: PRAXISPOST_GRPC_PORT, value: "50051" }
{{- end }}
{{- range $calls }}
- { name: PRAXISPOST_{{ upper . }}_TARGET, value: "dns:///{{ include "praxispost.fullname" $root }}-{{ . }}-api:50051" }
{{- end }}
{{- if and (has "tls" $gives) $calls }}
- { name: PRAXISPOST_TLS, value: /run/praxispost/tls }
{{- end }}
{{- if and (has "tls" $gives) (eq $kind "api") }}
- { name: PRAXISPOST_GRPC_TLS, value: /run/praxispost/tls }
{{- end }}
{{- if has "keys" $gives }}
- { name: PRAXISPOST_WRAPPING_KEYS, value: /run/praxispost/wrapping-keys }
{{- end }}
{{- if has "account" $gives }}
- { name: PRAXISPOST_SERVICE_ACCOUNT_ID, value: {{ required (printf "services.%s.account.id is missing: a UUID of your choice" $service) (index $values.services $service).account.id | quote }} }
{{- end }}
{{- if has "guard" $gives }}
- { name: PRAXISPOST_GUARD_PATIENTS, value: {{ $values.messaging.guard.patients | int | quote }} }
- { name: PRAXISPOST_GUARD_WINDOW, value: {{ $values.messaging.guard.windowSeconds | int | quote }} }
{{- end }}
{{- if has "documents" $gives }}
- { name: PRAXISPOST_MAX_ATTACHMENT_BYTES, value: {{ $values.attachments.maxBytes | int64 | quote }} }
- { name: PRAXISPOST_QUOTA_BYTES, value: {{ $values.attachments.quotaBytes | int64 | quote }} }
{{- with $values.attachments.scanner }}
- { name: PRAXISPOST_SCANNER, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- if has "s3" $gives }}
- { name: PRAXISPOST_S3_ENDPOINT, value: {{ required "s3.endpoint is missing: host:port of the object store" $values.s3.endpoint | quote }} }
- { name: PRAXISPOST_S3_BUCKET, value: {{ required "s3.bucket is missing" $values.s3.bucket | quote }} }
- { name: PRAXISPOST_S3_REGION, value: {{ $values.s3.region | quote }} }
- { name: PRAXISPOST_S3_SECURE, value: {{ $values.s3.secure | quote }} }
{{- end }}
{{- if or (has "mail" $gives) (has "bounce" $gives) }}
- { name: PRAXISPOST_MAIL_FROM, value: {{ required "smtp.from is missing: the address that prompts come from" $values.smtp.from | quote }} }
{{- end }}
{{- if has "mail" $gives }}
- { name: PRAXISPOST_PORTAL_URL, value: {{ required "portal.url is missing: where people find the portal" $values.portal.url | quote }} }
- { name: PRAXISPOST_SMTP_HOST, value: {{ required "smtp.host is missing" $values.smtp.host | quote }} }
- { name: PRAXISPOST_SMTP_PORT, value: {{ $values.smtp.port | int | quote }} }
- { name: PRAXISPOST_SMTP_SECURITY, value: {{ $values.smtp.security | quote }} }
{{- with $values.smtp.username }}
- { name: PRAXISPOST_SMTP_USERNAME, value: {{ . | quote }} }
{{- end }}
{{- if $values.smtp.ca.existingConfigMap }}
- { name: PRAXISPOST_SMTP_CA_FILE, value: /run/praxispost/smtp-ca/ca.crt }
{{- end }}
{{- end }}
{{- if has "prompts" $gives }}
- { name: PRAXISPOST_PROMPT_WINDOW, value: {{ $values.notifier.promptWindowSeconds | int | quote }} }
- { name: PRAXISPOST_REMINDER_AFTER, value: {{ $values.notifier.reminderAfterSeconds | int | quote }} }
{{- end }}
{{- if has "sms" $gives }}
- { name: PRAXISPOST_SMS_METHOD, value: {{ $values.sms.method | quote }} }
- name: PRAXISPOST_SMS_BODY
  valueFrom: { secretKeyRef: { name: {{ required "sms.request.existingSecret is missing: name the Secret" $values.sms.request.existingSecret }}, key: {{ $values.sms.request.bodyKey }} } }
{{- end }}
{{- if has "bounce" $gives }}
- { name: PRAXISPOST_BOUNCE_HOST, value: "0.0.0.0" }
- { name: PRAXISPOST_BOUNCE_PORT, value: "8025" }
{{- end }}
{{- if has "portal" $gives }}
- { name: PRAXISPOST_HTTP_HOST, value: "0.0.0.0" }
- { name: PRAXISPOST_HTTP_PORT, value: "8080" }
- { name: PRAXISPOST_IMPRINT_URL, value: {{ $values.portal.imprintUrl | quote }} }
- { name: PRAXISPOST_PRIVACY_URL, value: {{ $values.portal.privacyUrl | quote }} }
- { name: PRAXISPOST_TRUSTED_PROXIES, value: {{ $values.portal.trustedProxies | int | quote }} }
- { name: PRAXISPOST_TIME_ZONE, value: {{ $values.portal.timeZone | quote }} }
- { name: PRAXISPOST_MAX_ATTACHMENT_BYTES, value: {{ $values.attachments.maxBytes | int64 | quote }} }
{{- end }}
{{- end -}}
