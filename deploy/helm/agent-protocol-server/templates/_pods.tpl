{{- /* 50 and not 63 characters: names of what is made end in "-worker" and "-migrate", and pods add to that. */}}
{{- define "aps.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "aps.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "aps.labels" -}}
{{ include "aps.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "aps.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* Which kinds of pods there are, as JSON: the layout's names, each with its role and its values. */}}
{{- define "aps.components" -}}
{{- if eq .Values.layout "split" -}}
{{ list (dict "name" "api" "role" "api" "values" .Values.api) (dict "name" "worker" "role" "worker" "values" .Values.worker) | toJson }}
{{- else -}}
{{ list (dict "name" "api" "role" "both" "values" .Values.api) | toJson }}
{{- end -}}
{{- end }}

{{- define "aps.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "aps.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "aps.environment" -}}
- name: ConnectionStrings__Postgres
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.secret }}
      key: {{ .Values.database.key }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}
