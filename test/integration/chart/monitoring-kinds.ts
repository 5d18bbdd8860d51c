// As much of Prometheus Operator's CRDs as our chart uses: what is not in them is refused, as the real ones would.

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const strings: Schema = { type: 'object', additionalProperties: text }
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties })
const list = (items: Schema): Schema => ({ type: 'array', items })

const endpoint = object({
  port: text,
  path: text,
  interval: { type: 'string', pattern: '^([0-9]+(ms|s|m|h))+$' },
  scrapeTimeout: text,
  honorLabels: { type: 'boolean' },
})
const rule = object({
  alert: text,
  record: text,
  expr: text,
  for: text,
  keep_firing_for: text,
  labels: strings,
  annotations: strings,
})

const definition = (kind: string, spec: Schema): object => {
  const singular = kind.toLowerCase()
  const schema = { openAPIV3Schema: object({ apiVersion: text, kind: text, metadata: { type: 'object' }, spec }) }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural: `${singular}s`, singular },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

export const monitoringKinds: readonly object[] = [
  definition('ServiceMonitor', object({ selector: object({ matchLabels: strings }), endpoints: list(endpoint) })),
  definition('PrometheusRule', object({ groups: list(object({ name: text, interval: text, rules: list(rule) })) })),
]
