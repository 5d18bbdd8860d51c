{{/* On each rule that reaches into Secrets that exist: get and patch both answer with what is in them. */}}
{{- define "meili-operator.secretNames" -}}
{{- with .Values.rbac.secretNames }}
  resourceNames: {{ toJson . }}
{{- end }}
{{- end }}

{{/* What the operator may do in the namespaces that it serves; each right with its reason. */}}
{{- define "meili-operator.rules" -}}
# What users write: followed, never written, but for a schedule's own snapshots. One is read again where another has changed it meanwhile, or where the cache keeps little of it.
- apiGroups: [meili-operator.dev]
  resources: [meiliinstances, meilirestores, meilisnapshots, meilisnapshotschedules]
  verbs: [get, list, watch]
# What was seen.
- apiGroups: [meili-operator.dev]
  resources: [meiliinstances/status, meilirestores/status, meilisnapshots/status, meilisnapshotschedules/status]
  verbs: [update]
# Our finalizer on a snapshot, by merge patch of its metadata; and deletionPolicy of one that a schedule's retention deletes.
- apiGroups: [meili-operator.dev]
  resources: [meilisnapshots]
  verbs: [patch]
# Our finalizer on a restore, by merge patch of its metadata.
- apiGroups: [meili-operator.dev]
  resources: [meilirestores]
  verbs: [patch]
# The snapshots of a schedule: made for each slot, and deleted by its retention. The one before an upgrade of a server that we run; those of earlier upgrades go when one is done. The one before a restore in place.
- apiGroups: [meili-operator.dev]
  resources: [meilisnapshots]
  verbs: [create, delete]
# The drills of a schedule: made for each slot; their records are deleted but for the newest ones. The restore that fills the claim of a new server, where its spec asks for one (bootstrap).
- apiGroups: [meili-operator.dev]
  resources: [meilirestores]
  verbs: [create, delete]
# An ownerReference with blockOwnerDeletion on a mover Job, where the cluster checks who may set one (OpenShift).
- apiGroups: [meili-operator.dev]
  resources: [meiliinstances/finalizers, meilirestores/finalizers, meilisnapshots/finalizers]
  verbs: [update]
# The pod that a MeiliInstance selects, and the mover's pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
# A mover's progress.
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# The API key and the certificate authority that a MeiliInstance names. Never listed, never watched.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
{{- include "meili-operator.secretNames" . }}
# Meilisearch's settings, where its container takes them from a ConfigMap.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
# The claim with the snapshot directory, and the destination claim, which is created from its template when it is absent; the claims of a restore, its source and its target.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create]
# The movers, of snapshots and of restores.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# One Event for each step and each failure, on the object that the user made, the same one again counted; and what the cluster says of a mover that does not start.
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch, list]
{{- end }}

{{- define "meili-operator.managedRules" -}}
# The server; what somebody changes is put back.
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch]
# Its address; what somebody changes is put back. Of Services that others made, one that selects its pod is named.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch]
# Its claims: made, expanded, and given to or taken from the instance with deletionPolicy. A restore in place makes a new one and, by one annotation, exchanges the data.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, watch, create, patch]
# The claim that a restore filled in vain, and the data from before a restore, once its user has asked for that by name. Never the claim that is the data.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [delete]
# The generated master key, and the key for applications: a new Secret. Its name can be bound by no rule.
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
# To own them, and to write the key for applications anew. The reply to a patch is the whole Secret, so it is bound as get is.
- apiGroups: [""]
  resources: [secrets]
  verbs: [patch]
{{- include "meili-operator.secretNames" . }}
# A restart, when nothing is lost by it.
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
# Our finalizer, by merge patch of its metadata.
- apiGroups: [meili-operator.dev]
  resources: [meiliinstances]
  verbs: [patch]
{{- end }}

{{- define "meili-operator.streamingRules" -}}
# A WebSocket is opened by GET: Kubernetes asks for get, from 1.35 on for create as well.
- apiGroups: [""]
  resources: [pods/exec]
  verbs: [get, create]
{{- end }}

{{/* A role with its binding for the namespaces served: a ClusterRole, or a Role in each of watchNamespaces. Takes root, name, about and rules. */}}
{{- define "meili-operator.grant" -}}
{{- range $namespace := .root.Values.watchNamespaces | default (list "") }}
{{- $kind := ternary "Role" "ClusterRole" (ne $namespace "") }}
---
{{- with $.about }}
# {{ . }}
{{- end }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $.name }}
  {{- with $namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "meili-operator.labels" $.root | nindent 4 }}
rules:
  {{- $.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $.name }}
  {{- with $namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "meili-operator.labels" $.root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $.name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "meili-operator.serviceAccount" $.root }}
    namespace: {{ $.root.Release.Namespace }}
{{- end }}
{{- end }}
