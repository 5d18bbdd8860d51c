// The demo itself, on whatever cluster it is given: install, serve, snapshot, prove. Uses kubectl and README's own commands only.
import { randomBytes } from 'node:crypto'
import { contentsOf, serveStored, shellOnClaim } from '../support/meilisearch/artifact.ts'
import type { Contents, Toolbox } from '../support/meilisearch/artifact.ts'
import { filmLines } from '../support/meilisearch/documents.ts'
import { Kubectl } from '../support/kubernetes/kubectl.ts'
import { MeilisearchApi } from '../support/meilisearch/api.ts'
import { secretOf, statefulSetOf } from '../support/meilisearch/objects.ts'
import { portForward } from '../support/kubernetes/port-forward.ts'
import { follow } from './follow.ts'
import type { PhaseTime } from './follow.ts'
import { restoreInPlace } from './restore.ts'
import type { Screen } from './screen.ts'

export const namespace = 'demo'
export const server = 'movies'
const index = 'films'
const query = 'alien'
const documents = 50_000
const documentsAtOnce = 10_000

export interface Tour {
  /** A server that somebody else runs, instead of one that the operator runs. */
  readonly existing: boolean
  readonly kubectl: string
  readonly kubeconfig: string
  readonly meilisearchImage: string
  readonly root: string
}

interface Snapshot {
  readonly status: {
    readonly task: { readonly uid: number }
    readonly duration: string
    readonly artifact: Artifact
    readonly conditions: readonly { type: string; status: string; reason: string; message: string }[]
  }
}

export interface Artifact {
  readonly claimName: string
  readonly path: string
  readonly fileName: string
  readonly size: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly meilisearchVersion: string
}

export interface Proof {
  readonly phases: readonly PhaseTime[]
  readonly artifact: Artifact
  readonly listing: string
  readonly checksum: string
  readonly query: string
  readonly original: Contents
  readonly restored: Contents
  /** Of the restore in place; a server that somebody else runs is left alone, and a second one is started from the file. */
  readonly downtime: string | undefined
  readonly describe: string
}

export async function tour(
  { kubectl: program, kubeconfig, meilisearchImage, root, existing }: Tour,
  screen: Screen,
): Promise<Proof> {
  const kubectl = new Kubectl({ kubectl: program, kubeconfig })
  const toolbox: Toolbox = { kubectl, image: meilisearchImage }
  await screen.step('operator installed', () => install(kubectl, root))
  const masterKey = existing ? await serveExisting(toolbox, root, screen) : await serveManaged(kubectl, root, screen)
  const forward = await portForward(kubectl, namespace, `${server}-0:7700`)
  try {
    const api = new MeilisearchApi(forward.url, masterKey)
    await screen.step('documents indexed', async (live) => ({ value: undefined, note: await load(api, live) }))
    await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/snapshot.yaml`])
    const phases = await screen.step('snapshot first', async (live) => ({
      value: await follow(kubectl, { namespace, kind: 'meilisnapshot', name: 'first', timeoutMs: 300_000 }, live),
    }))
    return await prove(toolbox, { api, masterKey, phases, root, existing }, screen)
  } finally {
    forward.close()
  }
}

export async function install(kubectl: Kubectl, root: string): Promise<{ value: undefined; note: string }> {
  await kubectl.run(['apply', '--server-side', '-f', `${root}/install.yaml`])
  await kubectl.run(['-n', 'meili-operator-system', 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
  return { value: undefined, note: 'kubectl apply --server-side -f install.yaml' }
}

async function ownNamespace(kubectl: Kubectl): Promise<void> {
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  })
}

/** Ten lines, and everything else is made. Gives the master key that was generated. */
async function serveManaged(kubectl: Kubectl, root: string, screen: Screen): Promise<string> {
  await screen.step('Meilisearch running', async () => {
    await ownNamespace(kubectl)
    await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/managed.yaml`])
    await kubectl.run(['-n', namespace, 'wait', `meiliinstance/${server}`, '--for=condition=Ready', '--timeout=120s'])
    return {
      value: undefined,
      note: `meiliinstance/${server} is Ready, from ten lines: claim, key, Service, StatefulSet`,
    }
  })
  const { data } = await kubectl.json<{ data: { MEILI_MASTER_KEY: string } }>([
    '-n',
    namespace,
    'get',
    'secret',
    `${server}-keys`,
  ])
  return Buffer.from(data.MEILI_MASTER_KEY, 'base64').toString('utf8')
}

async function serveExisting(toolbox: Toolbox, root: string, screen: Screen): Promise<string> {
  const masterKey = randomBytes(24).toString('base64url')
  await screen.step('Meilisearch running', () => serve(toolbox, masterKey))
  await toolbox.kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/existing.yaml`])
  return masterKey
}

export async function serve(
  { kubectl, image }: Toolbox,
  masterKey: string,
): Promise<{ value: undefined; note: string }> {
  const options = { namespace, name: server, image, masterKey }
  await ownNamespace(kubectl)
  await kubectl.apply(secretOf(options), statefulSetOf(options))
  await kubectl.run(['-n', namespace, 'rollout', 'status', `statefulset/${server}`, '--timeout=120s'])
  return { value: undefined, note: `statefulset/${server}, as user 1000, key protected` }
}

export async function load(api: MeilisearchApi, live: (text: string) => void): Promise<string> {
  const tasks: number[] = []
  for (let from = 0; from < documents; from += documentsAtOnce) {
    tasks.push(await api.addDocuments(index, filmLines(from, documentsAtOnce)))
    live(`sending ${(from + documentsAtOnce).toLocaleString('en')} documents`)
  }
  live('indexing')
  for (const task of tasks) await api.waitForTask(task)
  return `${documents.toLocaleString('en')} documents`
}

const said = ({ counts, hits }: Contents): string =>
  `${Object.keys(counts).length} index, ${(counts[index] ?? 0).toLocaleString('en')} documents, "${query}": ${hits} hits`

async function prove(
  toolbox: Toolbox,
  made: { api: MeilisearchApi; masterKey: string; phases: readonly PhaseTime[]; root: string; existing: boolean },
  screen: Screen,
): Promise<Proof> {
  const { kubectl } = toolbox
  const { status } = await kubectl.json<Snapshot>(['-n', namespace, 'get', 'meilisnapshot', 'first'])
  const trouble = status.conditions.find(({ type, status: verdict }) => type === 'Failed' && verdict === 'True')
  if (trouble !== undefined) throw new Error(`the snapshot failed: ${trouble.reason}: ${trouble.message}`)
  const { artifact } = status
  const stored = { namespace, ...artifact }
  const shell = await screen.step('sha256sum -c', async () => {
    const output = await shellOnClaim(
      toolbox,
      stored,
      `cd /backup && find . -type f -exec ls -l {} + && cd '${artifact.path}' && sha256sum -c SHA256SUMS`,
    )
    const lines = output.trim().split('\n')
    return {
      value: { listing: lines.slice(0, -2).join('\n'), checksum: lines.slice(-2).join(', ') },
      note: lines.slice(-2).join(', '),
    }
  })
  const original = await contentsOf(made.api, index, query)
  const restored = made.existing
    ? await screen.step('second server from it', async () => {
        const contents = await serveStored(toolbox, stored, { masterKey: made.masterKey, index, query })
        return { value: { contents, downtime: undefined }, note: said(contents) }
      })
    : await screen.step('index lost, and restored', async (live) => {
        const lost = { kubectl, root: made.root, namespace, server, masterKey: made.masterKey, index, query }
        const value = await restoreInPlace(lost, made.api, live)
        return { value, note: `${said(value.contents)}; without a server for ${value.downtime}` }
      })
  if (JSON.stringify(original) !== JSON.stringify(restored.contents))
    throw new Error(
      `the restored server answers otherwise: ${JSON.stringify(original)} became ${JSON.stringify(restored.contents)}`,
    )
  const describe = await kubectl.run(['-n', namespace, 'describe', 'meilisnapshot', 'first'])
  return {
    phases: made.phases,
    artifact,
    ...shell,
    query,
    original,
    restored: restored.contents,
    downtime: restored.downtime,
    describe,
  }
}
