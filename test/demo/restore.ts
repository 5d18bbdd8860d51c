// The way back, shown: the index is deleted, and one object restores the server in place.
import { contentsOf } from '../support/meilisearch/artifact.ts'
import type { Contents } from '../support/meilisearch/artifact.ts'
import type { Kubectl } from '../support/kubernetes/kubectl.ts'
import { portForward } from '../support/kubernetes/port-forward.ts'
import { MeilisearchApi } from '../support/meilisearch/api.ts'
import { follow } from './follow.ts'
import type { Live } from './screen.ts'

interface Restore {
  readonly status: {
    readonly phase: string
    readonly switched?: { readonly downtime?: string }
    readonly conditions: readonly { readonly type: string; readonly message: string }[]
  }
}

export interface Lost {
  readonly kubectl: Kubectl
  readonly root: string
  readonly namespace: string
  readonly server: string
  readonly masterKey: string
  readonly index: string
  readonly query: string
}

interface Restored {
  readonly contents: Contents
  /** For how long there was no server, as the object says. */
  readonly downtime: string
}

/** @throws Error in the words of the MeiliRestore, where it does not complete */
export async function restoreInPlace(lost: Lost, api: MeilisearchApi, live: Live): Promise<Restored> {
  const { kubectl, root, namespace, server, masterKey, index, query } = lost
  live(`deleting index ${index}`)
  const { taskUid } = await api.call<{ taskUid: number }>(`/indexes/${index}`, { method: 'DELETE' })
  await api.waitForTask(taskUid)
  await kubectl.run(['-n', namespace, 'apply', '--server-side', '-f', `${root}/examples/restore/in-place.yaml`])
  await follow(kubectl, { namespace, kind: 'meilirestore', name: 'back', timeoutMs: 300_000 }, live)
  const { status } = await kubectl.json<Restore>(['-n', namespace, 'get', 'meilirestore', 'back'])
  if (status.phase !== 'Completed') {
    const said = status.conditions.find(({ type }) => type === 'Ready')?.message ?? ''
    throw new Error(`the restore is ${status.phase}: ${said}`)
  }
  await kubectl.run(['-n', namespace, 'wait', `meiliinstance/${server}`, '--for=condition=Ready', '--timeout=60s'])
  // To another pod than before.
  const forward = await portForward(kubectl, namespace, `${server}-0:7700`)
  try {
    const contents = await contentsOf(new MeilisearchApi(forward.url, masterKey), index, query)
    return { contents, downtime: status.switched?.downtime ?? '' }
  } finally {
    forward.close()
  }
}
