// Which steps a life has, found in an undisturbed one: once in each namespace, side by side.
import { isDeepStrictEqual } from 'node:util'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { auditedWrites } from './audit-log.ts'
import type { OperatorFixture } from '../fixture/operator-fixture.ts'
import { noFault } from '../faults/fault.ts'
import { ordinary, rowOf } from './row.ts'
import type { Step } from './step-names.ts'

export interface Recording {
  /** Steps that every life had, in order, each name once. */
  readonly steps: readonly Step[]
  /** Names that only some lives had, by the chance of timing. */
  readonly sometimes: readonly string[]
}

function distinct(steps: readonly Step[]): Step[] {
  return [...new Map(steps.map((step) => [step.name, step])).values()]
}

/** @throws Error where the undisturbed life does not end well, or the audit log has other writes than the proxy saw */
async function recordOn(fixture: OperatorFixture, auditLog: string): Promise<readonly Step[]> {
  const { differences, life } = await rowOf(fixture, noFault, ordinary)
  if (differences.length > 0)
    throw new Error(
      `The undisturbed life does not end well:\n  ${differences.join('\n  ')}\n  logs: ${fixture.logs.join(' ')}`,
    )
  const seen = life.steps.flatMap(({ audited }) => audited ?? []).toSorted()
  let logged: string[] = []
  await eventually('the audit log to have the same writes as the proxy saw', async () => {
    logged = (await Promise.resolve(auditedWrites(auditLog, fixture.namespace))).toSorted()
    return isDeepStrictEqual(seen, logged) ? true : undefined
  }).catch((error: unknown) => {
    throw new Error(`The proxy saw ${seen.join(', ')}; the audit log has ${logged.join(', ')}.`, { cause: error })
  })
  return distinct(life.steps)
}

export async function record(fixtures: readonly OperatorFixture[], auditLog: string): Promise<Recording> {
  const lives = await Promise.all(fixtures.map(async (fixture) => await recordOn(fixture, auditLog)))
  const counts = new Map<string, number>()
  for (const { name } of lives.flat()) counts.set(name, (counts.get(name) ?? 0) + 1)
  const always = (name: string): boolean => counts.get(name) === lives.length
  return {
    steps: (lives[0] ?? []).filter(({ name }) => always(name)),
    sometimes: [...counts.keys()].filter((name) => !always(name)),
  }
}
