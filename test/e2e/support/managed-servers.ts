// What an end-to-end test asks and changes of servers that the operator runs, and the pods in which they run.
import { beforeAll } from 'vitest'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { kubectl, ownWorld } from './world.ts'
import type { World } from './world.ts'

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string }
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] }
}

/** A world of whose pods each keeps the restricted Pod Security Standard. */
export function restrictedWorld(): World {
  const world = ownWorld()
  beforeAll(async () => {
    await kubectl.run(['label', 'namespace', world.namespace, 'pod-security.kubernetes.io/enforce=restricted'])
  })
  return world
}

export interface ManagedServers {
  find: <T>(kind: string, name: string) => Promise<T | undefined>
  pod: (name: string) => Promise<Pod | undefined>
  patch: (kind: string, name: string, body: object) => Promise<string>
  /** Events of this MeiliInstance, one a line. */
  events: (name: string) => Promise<string>
  /** What the server holds, asked through a connection to the pod that runs now. */
  documents: (name: string) => Promise<number | undefined>
  /** Waits for another pod than this one. */
  replaced: (name: string, before: Pod | undefined) => Promise<Pod>
}

export function managedServers(world: World): ManagedServers {
  const find = async <T>(kind: string, name: string): Promise<T | undefined> =>
    await kubectl.find<T>(world.namespace, kind, name)
  const pod = async (name: string): Promise<Pod | undefined> => await find<Pod>('pod', `${name}-0`)
  const patch = async (kind: string, name: string, body: object): Promise<string> =>
    await kubectl.run(['-n', world.namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(body)])
  const events = async (name: string): Promise<string> =>
    await kubectl.run([
      '-n',
      world.namespace,
      'get',
      'events',
      '--field-selector',
      `involvedObject.kind=MeiliInstance,involvedObject.name=${name}`,
      '-o',
      'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
    ])
  const documents = async (name: string): Promise<number | undefined> =>
    (await (await world.connectManaged(name)).api.counts())['films']

  async function waitForReplacement(name: string, before: Pod | undefined): Promise<Pod> {
    return await eventually(`another pod of ${name}`, async () => {
      const now = await pod(name)
      return now !== undefined && now.metadata.uid !== before?.metadata.uid ? now : undefined
    })
  }

  return { find, pod, patch, events, documents, replaced: waitForReplacement }
}
