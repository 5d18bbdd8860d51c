// Pod Security "restricted" with all of "baseline" in it, as https://kubernetes.io/docs/concepts/security/pod-security-standards/ has it, over a pod.
import type { V1PodTemplateSpec, V1Volume } from '@kubernetes/client-node'

interface Context {
  readonly [member: string]: unknown
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string }
  readonly seccompProfile?: { readonly type?: string }
  readonly appArmorProfile?: { readonly type?: string }
  readonly windowsOptions?: { readonly hostProcess?: boolean }
}

const profiles: readonly unknown[] = ['RuntimeDefault', 'Localhost']
const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const volumeSources = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

const isProfile = (profile: { readonly type?: string } | undefined): boolean =>
  profile === undefined || profiles.includes(profile.type)
const isPlain = ({ type = '', user = '', role = '' }: NonNullable<Context['seLinuxOptions']> = {}): boolean =>
  seLinuxTypes.includes(type) && user === '' && role === ''

/** What holds of a pod's and of a container's security context alike. */
const common: Readonly<Record<string, (context: Context) => boolean>> = {
  seLinuxOptions: ({ seLinuxOptions }) => isPlain(seLinuxOptions),
  seccompProfile: ({ seccompProfile }) => isProfile(seccompProfile),
  appArmorProfile: ({ appArmorProfile }) => isProfile(appArmorProfile),
  hostProcess: ({ windowsOptions }) => windowsOptions?.hostProcess !== true,
  runAsNonRoot: (context) => context['runAsNonRoot'] !== false && context['runAsUser'] !== 0,
  sysctls: (context) => !('sysctls' in context),
}
const ofContext = (context: Context): string[] =>
  Object.keys(common).filter((rule) => common[rule]?.(context) === false)

const ofContainerAlone: Readonly<Record<string, (context: Context) => boolean>> = {
  privileged: (context) => context['privileged'] !== true,
  allowPrivilegeEscalation: (context) => context['allowPrivilegeEscalation'] === false,
  capabilities: (context) => JSON.stringify(context['capabilities']) === '{"drop":["ALL"]}',
  procMount: (context) => [undefined, 'Default'].includes(context['procMount'] as string | undefined),
}
const ofContainer = (context: Context): string[] => [
  ...ofContext(context),
  ...Object.keys(ofContainerAlone).filter((rule) => ofContainerAlone[rule]?.(context) === false),
]

const isForbidden = (volume: V1Volume): boolean =>
  Object.keys(volume).some((key) => key !== 'name' && !volumeSources.includes(key))

const ofPod: Readonly<Record<string, (template: V1PodTemplateSpec) => boolean>> = {
  runAsNonRoot: ({ spec }) => spec?.securityContext?.runAsNonRoot === true,
  seccompProfile: ({ spec }) => spec?.securityContext?.seccompProfile !== undefined,
  volumes: ({ spec }) => !(spec?.volumes ?? []).some(isForbidden),
  hostPorts: ({ spec }) =>
    !(spec?.containers ?? []).some(({ ports = [] }) => ports.some(({ hostPort }) => hostPort !== undefined)),
  hostNamespaces: ({ spec }) => ![spec?.hostNetwork, spec?.hostPID, spec?.hostIPC].includes(true),
  appArmorAnnotation: ({ metadata }) =>
    !Object.entries(metadata?.annotations ?? {}).some(
      ([name, value]) => name.startsWith('container.apparmor.') && value === 'unconfined',
    ),
}

/** The rules that the pod breaks, by name. */
export function podSecurityViolations(template: V1PodTemplateSpec): string[] {
  const { securityContext = {}, containers = [], initContainers = [] } = template.spec ?? {}
  return [
    ...ofContext(securityContext as Context),
    ...[...initContainers, ...containers].flatMap((container) =>
      ofContainer((container.securityContext ?? {}) as Context),
    ),
    ...Object.keys(ofPod).filter((rule) => ofPod[rule]?.(template) === false),
  ]
}
