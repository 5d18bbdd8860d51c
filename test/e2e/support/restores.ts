// What an end-to-end test asks of restores: apply one, wait for it in its own words, and search all along as an application does.
import { setTimeout as pause } from 'node:timers/promises'
import { apiVersion } from '../../../src/api/group.ts'
import { isTrue } from '../../../src/api/status/conditions.ts'
import type { MeiliRestore } from '../../../src/api/restore.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { kubectl } from './world.ts'
import type { World } from './world.ts'

export const toBackups = { name: 'backups', template: { resources: { requests: { storage: '1Gi' } } } }

export interface Restores {
  /** In place, with what a user writes unless `spec` says otherwise. */
  inPlace: (name: string, instance: string, spec: object) => Promise<void>
  apply: (name: string, spec: object) => Promise<void>
  patch: (name: string, spec: object) => Promise<void>
  get: (name: string) => Promise<MeiliRestore>
  /** The first state that `holds`. */
  until: (name: string, what: string, holds: (restore: MeiliRestore) => boolean) => Promise<MeiliRestore>
  /** Until it has ended as `phase`; any other end is told in its own words. */
  ended: (name: string, phase: NonNullable<MeiliRestore['status']>['phase']) => Promise<MeiliRestore>
}

export const readyText = ({ status }: MeiliRestore): string => {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return `${status?.phase ?? 'no phase'}: ${ready?.reason ?? ''}: ${ready?.message ?? ''}`
}

export function restoresOf(world: World): Restores {
  const here = ['-n', world.namespace]
  const get = async (name: string): Promise<MeiliRestore> =>
    await kubectl.json<MeiliRestore>([...here, 'get', 'meilirestore', name])
  const apply = async (name: string, spec: object): Promise<void> => {
    await kubectl.apply({ apiVersion, kind: 'MeiliRestore', metadata: { namespace: world.namespace, name }, spec })
  }
  const until: Restores['until'] = async (name, what, holds) => {
    let last = 'not there'
    try {
      return await eventually(
        `restore ${name}: ${what}`,
        async () => {
          const restore = await get(name)
          last = readyText(restore)
          return holds(restore) ? restore : undefined
        },
        { timeoutMs: 180_000, everyMs: 300 },
      )
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : ''}; it was ${last}`, { cause: error })
    }
  }
  const ends: ReadonlySet<string> = new Set(['Completed', 'RolledBack', 'Failed'])
  return {
    apply,
    get,
    until,
    inPlace: async (name, instance, spec) => {
      await apply(name, { target: { inPlace: { instanceRef: { name: instance } } }, confirm: instance, ...spec })
    },
    patch: async (name, spec) => {
      await kubectl.run([...here, 'patch', 'meilirestore', name, '--type=merge', '-p', JSON.stringify({ spec })])
    },
    ended: async (name, phase) => {
      const restore = await until(
        name,
        `to end as ${phase}`,
        ({ metadata, status }) =>
          status?.observedGeneration === metadata.generation &&
          ends.has(status.phase ?? '') &&
          !isTrue(status.conditions, 'Reconciling'),
      )
      if (restore.status?.phase !== phase) throw new Error(`restore ${name} ended: ${readyText(restore)}`)
      return restore
    },
  }
}

export interface Searched {
  /** The longest time between two answers, in ms. */
  readonly gapMs: number
  readonly answers: number
  /** Answers that held neither the old nor the new data. */
  readonly strange: readonly string[]
}

/** An application that searches through the Service ten times a second, until it is stopped. `isKnown` says whether what it found is one of the two. */
export async function searchAllAlong(
  world: World,
  name: string,
  isKnown: (totalHits: number) => boolean,
): Promise<{ stop: () => Promise<Searched> }> {
  const { spec } = await kubectl.json<{ spec: { clusterIP: string } }>(['-n', world.namespace, 'get', 'service', name])
  const { searchKey } = await world.secret(`${name}-connection`)
  const strange: string[] = []
  let gapMs = 0
  let answers = 0
  const stop = new AbortController()
  let answeredAt = performance.now()
  const ask = async (): Promise<void> => {
    try {
      const response = await fetch(`http://${spec.clusterIP}:7700/indexes/films/search`, {
        method: 'POST',
        headers: { authorization: `Bearer ${searchKey ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify({ q: '', hitsPerPage: 1 }),
        signal: AbortSignal.timeout(1000),
      })
      if (response.status >= 500) return
      const text = await response.text()
      const { totalHits } = JSON.parse(text) as { totalHits?: number }
      if (totalHits === undefined || !isKnown(totalHits)) strange.push(`${response.status} ${text.slice(0, 200)}`)
      gapMs = Math.max(gapMs, performance.now() - answeredAt)
      answeredAt = performance.now()
      answers += 1
    } catch {
      // No server: the gap says so.
    }
  }
  const asking = (async () => {
    while (!stop.signal.aborted) {
      await ask()
      await pause(100)
    }
  })()
  return {
    stop: async () => {
      // Not before the server of now has answered: the gap before that counts, too.
      const before = answers
      await eventually('another answer', () => Promise.resolve(answers > before ? true : undefined))
      stop.abort()
      await asking
      return { gapMs, answers, strange }
    },
  }
}
