// kubectl meili adopt [POD|STATEFULSET]: prints the MeiliInstance for a server that runs already on stdout, and what to know of it on stderr. Changes nothing.
import type {
  V1ConfigMap,
  V1Container,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1StatefulSet,
} from '@kubernetes/client-node'
import { configMapNames } from '../../kinds/instance/locate/launch.ts'
import { configMaps, persistentVolumeClaims, pods, secrets, statefulSets } from '../../kube/resource.ts'
import type { KubeObject, Resource } from '../../kube/resource.ts'
import { NotFound, TerminalError } from '../../errors.ts'
import { adoptionOf, locate, looksLikeMeilisearch, meilisearchIn } from '../adopt/adoption.ts'
import { environmentSecrets } from '../adopt/key.ts'
import type { SecretKeys } from '../adopt/key.ts'
import type { Cluster } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatValue } from '../terminal/print.ts'
import { quote } from '../terminal/shell.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface AdoptFlags {
  readonly target: string | undefined
  readonly name: string | undefined
  readonly format: 'json' | 'yaml'
}

type Pod = V1Pod & KubeObject
type StatefulSet = V1StatefulSet & KubeObject

export async function runAdopt(
  cluster: Cluster,
  terminal: Terminal,
  { target, name, format }: AdoptFlags,
): Promise<ExitCode> {
  const alive = await alivePods(cluster)
  const { pod, statefulSet } = await targetOf(cluster, alive, target)
  const container = meilisearchIn(pod)
  if (container === undefined)
    throw new UserError(
      `In pod ${pod.metadata.name} no container can be identified as Meilisearch: none has its image, and no single one has port 7700.`,
    )
  const seen = await readServer(cluster, pod, container)
  const { instance, notes } = adoptionOf({ pod, statefulSet, pods: alive, container, ...seen }, name)
  // What a pod's author wrote is in them, and stdout may be on its way to kubectl apply.
  for (const note of notes) terminal.errorLine(note)
  terminal.document(formatValue(instance, format))
  return exitCodes.done
}

async function alivePods({ kube, namespace }: Cluster): Promise<readonly Pod[]> {
  const all = await kube.listAll<Pod>(pods, { namespace })
  return all.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  )
}

interface Target {
  readonly pod: Pod
  readonly statefulSet: StatefulSet | undefined
}

const kindsByWord: Readonly<Record<string, 'pod' | 'statefulset'>> = {
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  sts: 'statefulset',
}

async function targetOf(cluster: Cluster, alive: readonly Pod[], target: string | undefined): Promise<Target> {
  if (target === undefined) return ofPod(cluster, onlyCandidate(cluster, alive))
  const { kind, name } = parseTarget(target)
  const statefulSet =
    kind === 'pod'
      ? undefined
      : await cluster.kube.find<StatefulSet>(statefulSets, { namespace: cluster.namespace, name })
  if (statefulSet !== undefined) return { pod: podOf(statefulSet, alive), statefulSet }
  const pod = kind === 'statefulset' ? undefined : alive.find(({ metadata }) => metadata.name === name)
  if (pod !== undefined) return ofPod(cluster, pod)
  const what = { pod: 'running pod', statefulset: 'StatefulSet', either: 'StatefulSet and no running pod' }[kind]
  throw new UserError(`There is no ${what} ${name} in namespace ${cluster.namespace}. ${candidatesText(alive)}`)
}

/** `search-0`, `pod/search-0`, `sts/search`, `statefulset.apps/search`. */
function parseTarget(target: string): { kind: 'pod' | 'statefulset' | 'either'; name: string } {
  const [word = '', name] = target.split('/')
  if (name === undefined) return { kind: 'either', name: word }
  const kind = kindsByWord[word.toLowerCase().replace(/\..*$/, '')]
  if (kind === undefined)
    throw new UserError(
      `A pod or a StatefulSet can be adopted: write pod/${quote(name)} or statefulset/${quote(name)}, not ${quote(target)}.`,
    )
  return { kind, name }
}

const candidatesText = (alive: readonly Pod[]): string => {
  const names = alive.filter(looksLikeMeilisearch).map(({ metadata }) => `pod/${quote(metadata.name)}`)
  return names.length === 0
    ? 'No pod in it looks like Meilisearch; -n names another namespace.'
    : `By image or port these look like Meilisearch: ${names.join(', ')}.`
}

function onlyCandidate({ namespace }: Cluster, alive: readonly Pod[]): Pod {
  const [pod, ...others] = alive.filter(looksLikeMeilisearch)
  if (pod === undefined)
    throw new UserError(
      `No pod in namespace ${namespace} looks like Meilisearch, by image or by port 7700. Name the pod or the StatefulSet, or another namespace with -n.`,
    )
  if (others.length > 0)
    throw new UserError(`More than one pod looks like Meilisearch: name one. ${candidatesText(alive)}`)
  return pod
}

function podOf({ metadata }: StatefulSet, alive: readonly Pod[]): Pod {
  const own = alive.filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) ?? false)
  const [pod, ...others] = own
  if (pod === undefined)
    throw new UserError(
      `StatefulSet ${metadata.name} has no running pod: how the server is configured can only be read from one. kubectl -n ${quote(metadata.namespace ?? '')} scale statefulset/${quote(metadata.name)} --replicas=1`,
    )
  if (others.length > 0)
    throw new UserError(
      `StatefulSet ${metadata.name} has ${own.length} pods, and a snapshot is a file of one: adopt ${own.map((each) => `pod/${quote(each.metadata.name)}`).join(' or ')}.`,
    )
  return pod
}

async function ofPod({ kube, namespace }: Cluster, pod: Pod): Promise<Target> {
  const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'StatefulSet')
  return {
    pod,
    statefulSet:
      owner === undefined ? undefined : await kube.find<StatefulSet>(statefulSets, { namespace, name: owner.name }),
  }
}

async function readServer(
  cluster: Cluster,
  pod: Pod,
  container: V1Container,
): Promise<Pick<Parameters<typeof adoptionOf>[0], 'configMaps' | 'secretKeys' | 'located' | 'claim'>> {
  const read = <T extends KubeObject>(resource: Resource, name: string): Promise<T | undefined> =>
    cluster.kube.find<T>(resource, { namespace: cluster.namespace, name })
  const settings = new Map<string, Readonly<Record<string, string>>>()
  for (const name of configMapNames(container)) {
    const configMap = await read<V1ConfigMap & KubeObject>(configMaps, name)
    if (configMap !== undefined) settings.set(name, configMap.data ?? {})
  }
  const located = locate(pod, container, settings)
  const claimName = 'volume' in located ? located.volume.claimName : undefined
  const claim =
    claimName === undefined
      ? undefined
      : await read<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, claimName)
  return { configMaps: settings, secretKeys: await secretKeysOf(cluster, container), located, claim }
}

/** Which keys there are; the values are dropped at once. */
async function secretKeysOf({ kube, namespace }: Cluster, container: V1Container): Promise<SecretKeys> {
  const keys = new Map<string, readonly string[] | undefined>()
  for (const name of environmentSecrets(container)) {
    try {
      const { data } = await kube.get<V1Secret & KubeObject>(secrets, { namespace, name })
      keys.set(name, Object.keys(data ?? {}))
    } catch (error) {
      if (error instanceof TerminalError) keys.set(name, undefined)
      else if (!(error instanceof NotFound)) throw error
    }
  }
  return keys
}
