{{/*
Every process: whose image it runs, which port it serves (by name), whom it calls, and what it is given. `calls` and `stores` are also what
the network policies allow.
*/}}
{{- define "praxispost.processes" -}}
identity-api:
  { service: identity, kind: api, serves: { grpc: 50051 }, calls: [], stores: [postgresql], gives: [database, keys] }
identity-worker:
  { service: identity, kind: worker, calls: [identity, notifier], stores: [postgresql, rabbitmq], gives: [database, keys, rabbitmq, account] }
identity-intake:
  { service: identity, kind: intake, calls: [], stores: [postgresql, rabbitmq], gives: [database, rabbitmq] }
messaging-api:
  { service: messaging, kind: api, serves: { grpc: 50051 }, calls: [identity, attachments], stores: [postgresql], gives: [database, keys, account, guard] }
messaging-worker:
  { service: messaging, kind: worker, calls: [], stores: [postgresql, rabbitmq], gives: [database, keyDatabase, rabbitmq, guard] }
messaging-intake:
  { service: messaging, kind: intake, calls: [], stores: [postgresql, rabbitmq], gives: [database, rabbitmq] }
attachments-api:
  { service: attachments, kind: api, serves: { grpc: 50051 }, calls: [identity, messaging], stores: [postgresql, s3{{ if .Values.attachments.scanner }}, scanner{{ end }}], gives: [database, keys, s3, documents] }
attachments-worker:
  { service: attachments, kind: worker, calls: [identity, messaging], stores: [postgresql, rabbitmq, s3], gives: [database, keyDatabase, rabbitmq, s3, account] }
notifier-api:
  { service: notifier, kind: api, serves: { grpc: 50051 }, calls: [identity], stores: [postgresql, smtp, sms], gives: [database, mail, sms] }
notifier-worker:
  { service: notifier, kind: worker, calls: [identity], stores: [postgresql, rabbitmq, smtp], gives: [database, rabbitmq, account, mail, prompts] }
notifier-intake:
  { service: notifier, kind: intake, calls: [], stores: [postgresql, rabbitmq], gives: [database, rabbitmq] }
notifier-bounce:
  { service: notifier, kind: bounce, serves: { smtp: 8025 }, calls: [], stores: [postgresql], gives: [database, bounce] }
portal-web:
  { service: portal, kind: web, serves: { http: 8080 }, calls: [identity, messaging, attachments, notifier], stores: [], gives: [account, portal] }
{{- end -}}

{{/* One process' settings: the defaults with what `processes` says of it, as YAML. (list $ "identity-api") */}}
{{- define "praxispost.processValues" -}}
{{- $root := index . 0 -}}
{{- $own := default dict (index $root.Values.processes (index . 1)) -}}
{{- mustMergeOverwrite (dict "enabled" true) (deepCopy $root.Values.defaults) (deepCopy $own) | toYaml -}}
{{- end -}}

{{/* Whether processes of a kind make spans: (list $ "api"). The intake only passes on what it is given. */}}
{{- define "praxispost.traced" -}}
{{- if and (index . 0).Values.monitoring.traces.endpoint (has (index . 1) (list "api" "worker" "web")) }}true{{ end -}}
{{- end -}}

{{/* The names of the services that have data of their own. */}}
{{- define "praxispost.dataServices" -}}
[identity, messaging, attachments, notifier]
{{- end -}}

{{- define "praxispost.hasKeys" -}}
{{- if ne . "notifier" }}true{{ end -}}
{{- end -}}
