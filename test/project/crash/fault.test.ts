// When a life with a fault in it counts: the fault has happened, at every step that it was meant for.
import { expect, test } from 'vitest'
import { KillAgain } from '../../crash/faults/fault.ts'
import { decisive, progress } from '../../crash/record/step-names.ts'

const accepted = async (): Promise<{ status: number; headers: Record<string, string>; body: string }> =>
  await Promise.resolve({ status: 200, headers: {}, body: '' })

async function killsIn(names: readonly string[], life: readonly string[]): Promise<{ kills: number; isDone: boolean }> {
  let kills = 0
  const fault = new KillAgain(names, 'before', async () => {
    kills += 1
    await Promise.resolve()
  })
  for (const name of life) await fault.at({ kind: 'write', name }, accepted)
  return { kills, isDone: fault.isDone }
}

const [hurried = ''] = progress
const names = [...decisive, hurried]

test('a life that meets every step is killed at each, once', async () => {
  expect(await killsIn(names, [...names, ...names])).toEqual({ kills: names.length, isDone: true })
})

test('a life that goes by without a report of progress counts', async () => {
  expect(await killsIn(names, [...decisive])).toEqual({ kills: decisive.size, isDone: true })
})

test.each([...decisive])('a life that goes by without "%s" does not', async (missed) => {
  expect(
    await killsIn(
      names,
      names.filter((name) => name !== missed),
    ),
  ).toMatchObject({ isDone: false })
})

test('no step is both decisive and progress', () => {
  expect([...decisive].filter((name) => progress.has(name))).toEqual([])
})

test.each([
  ['schedule: 0 created, run on record', false],
  ['schedule: snapshot 1 created', false],
  ['schedule: 2 created, slot done, 1 expiring', false],
  ['schedule: 2 created, slot done, 1 expiring, removal on record', false],
  ['schedule: deletionPolicy Delete', false],
  ['schedule: snapshot deleted', false],
  ['schedule: 2 created, slot done, 1 expired', false],
  ['schedule: 1 created, 1 active', true],
  ['schedule: 2 created, slot done, removal on record', true],
])('a life of a schedule without "%s" counts: %s', async (missed, counts) => {
  const steps = ['schedule: snapshot 2 created', missed]
  expect(await killsIn(steps, steps.slice(0, 1))).toEqual({ kills: 1, isDone: counts })
})
