// Builds the MeiliInstance for a pod that runs Meilisearch; what could not be known becomes a note. Pure.
import type { V1Container, V1PersistentVolumeClaim, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { apiVersion } from '../../api/group.ts'
import type { MeiliInstance } from '../../api/instance.ts'
import { launchOf, settingOf } from '../../kinds/instance/locate/launch.ts'
import type { ConfigMapData } from '../../kinds/instance/locate/launch.ts'
import { containerOf, locateSnapshots } from '../../kinds/instance/locate/snapshot-volume.ts'
import type { Located } from '../../kinds/instance/locate/snapshot-volume.ts'
import { volumeReady } from '../../kinds/instance/status/volume-checks.ts'
import { UserError } from '../errors.ts'
import { keyOf } from './key.ts'
import type { SecretKeys } from './key.ts'

export interface Found {
  readonly pod: V1Pod
  /** The one that owns the pod. */
  readonly statefulSet: V1StatefulSet | undefined
  /** All pods of the namespace that are neither ending nor ended. */
  readonly pods: readonly V1Pod[]
  readonly container: V1Container
  readonly configMaps: ConfigMapData
  readonly secretKeys: SecretKeys
  readonly located: Located & { readonly s3: boolean }
  readonly claim: V1PersistentVolumeClaim | undefined
}

export interface Adoption {
  readonly instance: object
  /** What to know before it is applied; the first tells where the snapshots land. */
  readonly notes: readonly string[]
}

const meilisearchPort = 7700

/** Meilisearch's own container: by its image, else by its port, else the only one. */
export function meilisearchIn(pod: V1Pod): V1Container | undefined {
  const byImage = (pod.spec?.containers ?? []).filter(({ image = '' }) => /(^|\/)meilisearch([:@]|$)/.test(image))
  return byImage.length === 1 ? byImage[0] : containerOf(pod, undefined, meilisearchPort)
}

/** For a search: an only container of some other program is none. */
export function looksLikeMeilisearch(pod: V1Pod): boolean {
  return (pod.spec?.containers ?? []).some(
    ({ image = '', ports }) =>
      /(^|\/)meilisearch([:@]|$)/.test(image) ||
      (ports?.some(({ containerPort }) => containerPort === meilisearchPort) ?? false),
  )
}

export function locate(pod: V1Pod, container: V1Container, configMaps: ConfigMapData): Found['located'] {
  const launch = launchOf(container, configMaps)
  return { ...locateSnapshots({ pod, container, launch, override: undefined }), s3: launch.s3 }
}

/** @throws UserError for a server that the operator runs: its MeiliInstance is there */
export function adoptionOf(found: Found, desiredName: string | undefined): Adoption {
  const { pod, container, configMaps, statefulSet } = found
  const owner = statefulSet?.metadata?.ownerReferences?.find(
    ({ kind, controller }) => kind === 'MeiliInstance' && controller === true,
  )
  if (owner !== undefined)
    throw new UserError(
      `Pod ${pod.metadata?.name ?? ''} is of MeiliInstance ${owner.name}, which the operator runs: there is nothing to adopt.`,
    )
  const name = desiredName ?? statefulSet?.metadata?.name ?? pod.metadata?.name ?? ''
  const port = portOf(container, configMaps)
  const key = keyOf(container, configMaps, { keys: found.secretKeys, name, namespace: pod.metadata?.namespace ?? '' })
  const isTls = !(
    'unset' in settingOf(container, configMaps, { flag: 'ssl-cert-path', variable: 'MEILI_SSL_CERT_PATH' })
  )
  const existing = {
    podSelector: { matchLabels: labelsOf(found) },
    ...(containerOf(pod, undefined, port.port)?.name === container.name ? {} : { container: container.name }),
    ...(port.port === meilisearchPort ? {} : { port: port.port }),
    ...(isTls ? { scheme: 'HTTPS' } : {}),
    ...(key.reference === undefined ? {} : { apiKeySecretRef: key.reference }),
  }
  const tls = isTls
    ? [
        'The server speaks TLS: set tls.caSecretRef unless a public authority signed its certificate, and tls.serverName to a name in it.',
      ]
    : []
  return {
    instance: {
      apiVersion,
      kind: 'MeiliInstance',
      metadata: { name, namespace: pod.metadata?.namespace },
      spec: { existing },
    },
    notes: [volumeNote(found, existing), ...port.notes, ...key.notes, ...tls],
  }
}

/** The same words that the operator will have for it. */
function volumeNote({ pod, located, claim }: Found, existing: object): string {
  const instance = { metadata: pod.metadata, spec: { existing } } as unknown as MeiliInstance
  const { message } = volumeReady({
    instance,
    pods: [pod],
    podsRefused: undefined,
    rival: undefined,
    endpoint: undefined,
    server: { state: 'NotAsked' },
    located,
    databaseClaims: undefined,
    claim,
    lastSnapshot: undefined,
    pollMs: 0,
    streaming: false,
    managed: undefined,
  })
  return message
}

function portOf(container: V1Container, configMaps: ConfigMapData): { port: number; notes: readonly string[] } {
  const address = settingOf(container, configMaps, { flag: 'http-addr', variable: 'MEILI_HTTP_ADDR' })
  if ('value' in address) return { port: Number(/:(\d+)$/.exec(address.value)?.[1] ?? meilisearchPort), notes: [] }
  if ('unset' in address) return { port: meilisearchPort, notes: [] }
  const port = container.ports?.[0]?.containerPort ?? meilisearchPort
  return {
    port,
    notes: [
      `On which port Meilisearch listens cannot be known (${address.unknown}); ${port} is what the container names first.`,
    ],
  }
}

/** Labels that change with each roll-out or release, or that others give. */
const passing =
  /^(pod-template-hash|controller-revision-hash|apps\.kubernetes\.io\/pod-index|statefulset\.kubernetes\.io\/pod-name|helm\.sh\/chart|app\.kubernetes\.io\/(version|managed-by))$/
const ofStatefulSet = 'statefulset.kubernetes.io/pod-name'

/** The first set of labels, the most lasting first, that selects this pod and no other. */
function labelsOf({ pod, pods, statefulSet }: Found): Record<string, string> {
  const labels = pod.metadata?.labels ?? {}
  const pick = (wanted: (key: string) => boolean): Record<string, string> =>
    Object.fromEntries(Object.entries(labels).filter(([key]) => wanted(key)))
  const candidates = [
    statefulSet?.spec?.selector.matchLabels ?? {},
    pick((key) => key === 'app.kubernetes.io/name' || key === 'app.kubernetes.io/instance'),
    pick((key) => !passing.test(key)),
    pick((key) => key === ofStatefulSet),
  ]
  const selects = (wanted: Record<string, string>, { metadata }: V1Pod): boolean =>
    Object.entries(wanted).every(([key, value]) => metadata?.labels?.[key] === value)
  const chosen = candidates.find(
    (wanted) =>
      Object.keys(wanted).length > 0 &&
      pods.filter((each) => selects(wanted, each)).length === 1 &&
      selects(wanted, pod),
  )
  if (chosen !== undefined) return chosen
  throw new UserError(
    `Pod ${pod.metadata?.name ?? ''} has no labels that select it alone, and a snapshot is a file of one pod. Give its template a label of its own.`,
  )
}
