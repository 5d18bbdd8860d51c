// The fields of a managed server's pod that a user may set: node, resources, environment, user. Named as in Kubernetes' own PodSpec.
import { z } from 'zod'
import { configMapKeyReference, labelName, quantity, secretKeyReference } from '../meta.ts'

const atomic = { 'x-kubernetes-list-type': 'atomic' } as const

const quantities = z.record(z.string(), quantity).meta({ maxProperties: 8 })
export const resources = z.object({ requests: quantities.optional(), limits: quantities.optional() })

const toleration = z.object({
  key: z.string().max(317).optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: z.string().max(63).optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).meta({ format: 'int64' }).optional(),
})
export const tolerations = z.array(toleration).max(32).meta(atomic)

export const nodeSelector = z.record(z.string(), z.string().max(63)).meta({ maxProperties: 16 })

const labelValues = z.array(z.string().max(63)).max(16).meta(atomic)
const key = z.string().min(1).max(317)

/** The two members of a label selector; whoever needs a rule for them together writes it around them. */
export const selectorShape = {
  matchLabels: z.record(z.string(), z.string().max(63)).meta({ maxProperties: 16 }).optional(),
  matchExpressions: z
    .array(
      z.object({ key, operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: labelValues.optional() }),
    )
    .max(16)
    .meta(atomic)
    .optional(),
}
const labelSelector = z.object(selectorShape).meta({ 'x-kubernetes-map-type': 'atomic' })

const nodeRequirements = z
  .array(
    z.object({
      key,
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
      values: labelValues.optional(),
    }),
  )
  .max(16)
  .meta(atomic)
const nodeTerm = z
  .object({ matchExpressions: nodeRequirements.optional(), matchFields: nodeRequirements.optional() })
  .meta({ 'x-kubernetes-map-type': 'atomic' })
const weight = z.int().min(1).max(100)

const podTerm = z.object({
  labelSelector: labelSelector.optional(),
  topologyKey: key,
  namespaces: z.array(labelName('a Namespace', 'namespaces')).max(16).meta(atomic).optional(),
})
const podTerms = z.object({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podTerm).max(8).meta(atomic).optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.object({ weight, podAffinityTerm: podTerm }))
    .max(8)
    .meta(atomic)
    .optional(),
})

export const affinity = z.object({
  nodeAffinity: z
    .object({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .object({ nodeSelectorTerms: z.array(nodeTerm).min(1).max(8).meta(atomic) })
        .meta({ 'x-kubernetes-map-type': 'atomic' })
        .optional(),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.object({ weight, preference: nodeTerm }))
        .max(8)
        .meta(atomic)
        .optional(),
    })
    .optional(),
  podAffinity: podTerms.optional(),
  podAntiAffinity: podTerms.optional(),
})

export const topologySpreadConstraints = z
  .array(
    z.object({
      maxSkew: z.int().min(1).max(100),
      topologyKey: key,
      whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
      labelSelector: labelSelector.optional(),
    }),
  )
  .max(8)
  .meta(atomic)

/** Values that come from elsewhere are read by the kubelet, never by the operator. */
const environmentVariable = z
  .object({
    name: z.string().min(1).max(255),
    value: z.string().max(8192).optional(),
    valueFrom: z
      .object({ secretKeyRef: secretKeyReference.optional(), configMapKeyRef: configMapKeyReference.optional() })
      .meta({
        'x-kubernetes-validations': [
          {
            rule: 'has(self.secretKeyRef) != has(self.configMapKeyRef)',
            message: 'valueFrom is one of secretKeyRef and configMapKeyRef: write exactly one',
          },
        ],
      })
      .optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!has(self.value) || !has(self.valueFrom)',
        message: 'a variable has a value or a valueFrom: write one of them',
      },
    ],
  })
export const environment = z
  .array(environmentVariable)
  .max(64)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })

const id = z.int().min(1).meta({ format: 'int64' })
/** The level alone, which separates pods from each other. Another type, user or role could switch SELinux off for the container (`spc_t`). */
const seLinuxOptions = z.object({ level: z.string().max(253).optional() })
const profile = z.object({
  type: z.enum(['RuntimeDefault', 'Localhost']),
  localhostProfile: z.string().max(1024).optional(),
})

/** Never root: what must hold for Pod Security "restricted" is not offered for change. */
export const podSecurityContext = z.object({
  runAsUser: id.optional(),
  runAsGroup: id.optional(),
  fsGroup: id.optional(),
  supplementalGroups: z.array(id).max(16).meta(atomic).optional(),
  seLinuxOptions: seLinuxOptions.optional(),
  seccompProfile: profile.optional(),
})
export const securityContext = z.object({
  seLinuxOptions: seLinuxOptions.optional(),
  seccompProfile: profile.optional(),
  appArmorProfile: profile.optional(),
})

export const stringMap = z.record(z.string(), z.string().max(4096)).meta({ maxProperties: 32 })

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'

/** One annotation is a setting of its security: as such it could say `unconfined`. */
export const podAnnotations = stringMap.meta({
  'x-kubernetes-validations': [
    {
      rule: `self.all(name, !name.startsWith('${appArmorPrefix}'))`,
      message: 'an AppArmor profile is no annotation here: write securityContext.appArmorProfile',
    },
  ],
})
