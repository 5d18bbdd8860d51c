// Which steps a life has, found by living it undisturbed: once on each lane, side by side.
import { isDeepStrictEqual } from 'node:util'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { auditedWrites } from './audit.ts'
import type { Lane } from '../place/lane.ts'
import { undisturbed } from '../faults/mischief.ts'
import { ordinary, rowOf } from './row.ts'
import type { Step } from './story.ts'

export interface Recording {
  /** Steps that every life had, in order, each name once. */
  readonly steps: readonly Step[]
  /** Names that only some lives had, by the chance of timing. */
  readonly sometimes: readonly string[]
}

function distinct(steps: readonly Step[]): Step[] {
  return [...new Map(steps.map((step) => [step.name, step])).values()]
}

/** @throws Error where the undisturbed life does not end well, or the audit log tells of other writes than the door saw */
async function recordOn(lane: Lane, auditLog: string): Promise<readonly Step[]> {
  const { faults, life } = await rowOf(lane, undisturbed, ordinary)
  if (faults.length > 0)
    throw new Error(`The undisturbed life does not end well:\n  ${faults.join('\n  ')}\n  logs: ${lane.logs.join(' ')}`)
  const seen = life.steps.flatMap(({ audited }) => audited ?? []).toSorted()
  let logged: string[] = []
  await eventually('the audit log to tell of the same writes as the door saw', async () => {
    logged = (await Promise.resolve(auditedWrites(auditLog, lane.namespace))).toSorted()
    return isDeepStrictEqual(seen, logged) ? true : undefined
  }).catch((error: unknown) => {
    throw new Error(`The door saw ${seen.join(', ')}; the audit log has ${logged.join(', ')}.`, { cause: error })
  })
  return distinct(life.steps)
}

export async function record(lanes: readonly Lane[], auditLog: string): Promise<Recording> {
  const lives = await Promise.all(lanes.map(async (lane) => await recordOn(lane, auditLog)))
  const counts = new Map<string, number>()
  for (const { name } of lives.flat()) counts.set(name, (counts.get(name) ?? 0) + 1)
  const always = (name: string): boolean => counts.get(name) === lives.length
  return {
    steps: (lives[0] ?? []).filter(({ name }) => always(name)),
    sometimes: [...counts.keys()].filter((name) => !always(name)),
  }
}
