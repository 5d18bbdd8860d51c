// Drills of a schedule on a real API server, with a clock that is passed in: one MeiliRestore for each slot, whoever makes it, and what stays of them.
import { beforeEach, expect, test } from 'vitest'
import { meiliRestores } from '../../../../src/api/restore.ts'
import { scheduleLabel } from '../../../../src/api/schedule.ts'
import { apiServer } from '../../../support/kubernetes/api-server.ts'
import { eachHour, ScheduleFixture } from '../../../support/schedules/schedule-fixture.ts'
import type { Restore, ScheduleProcess } from '../../../support/schedules/schedule-fixture.ts'

const api = apiServer()
let on: ScheduleFixture
let operator: ScheduleProcess

/** A drill each hour; snapshots once a year. */
const hourly = (drill: object = {}): object => ({
  schedule: '0 0 1 1 *',
  drill: { ...eachHour(), failed: 1, ...drill },
})

beforeEach(async () => {
  on = new ScheduleFixture(api, await api.namespace())
  operator = on.process()
})

/** To the next slot, with as many operators as there are, each of which saw the same. */
async function nextDrill(operators: readonly ScheduleProcess[] = [operator]): Promise<Restore> {
  on.nowMs = Date.parse((await on.status()).drill?.nextSlot ?? '') + 1000
  await Promise.all(operators.map((each) => each.look()))
  await Promise.all(operators.map((each) => each.passAsSeen()))
  await on.run(operator)
  const name = (await on.status()).drill?.lastRunName
  return (await on.drills()).find(({ metadata }) => metadata.name === name)!
}

/** What the restore kind would write. */
async function end(drill: Restore, phase: 'Completed' | 'Failed'): Promise<void> {
  const at = new Date(on.nowMs).toISOString()
  const reason = phase === 'Completed' ? 'Completed' : 'DrillFailed'
  const ready = { type: 'Ready', status: phase === 'Completed' ? 'True' : 'False', reason, message: '' }
  const status = {
    observedGeneration: 1,
    phase,
    completedAt: at,
    inspection: { attempt: 1, jobName: 'j', result: 'Passed', restoreDuration: { total: '2m', totalMs: 120_000 } },
    conditions: [{ ...ready, lastTransitionTime: at, observedGeneration: 1 }],
  }
  await api.kube.updateStatus(meiliRestores, { ...drill, status } as never)
  await on.run(operator)
}

test('on its creation nothing is drilled; at its slot one drill is made, which the API server takes, owned by its schedule', async () => {
  const schedule = await on.create(hourly({ size: '2Gi', queries: [{ index: 'films', q: 'alien' }] }))
  await on.run(operator)
  expect(await on.drills()).toEqual([])
  const drill = await nextDrill()
  expect(await on.drills()).toHaveLength(1)
  expect(drill.metadata).toMatchObject({
    name: expect.stringMatching(new RegExp(`^${on.name}-drill-\\d{12}$`)),
    labels: { [scheduleLabel]: on.name },
    ownerReferences: [{ kind: 'MeiliSnapshotSchedule', name: on.name, uid: schedule.metadata.uid }],
  })
  expect(drill.spec).toMatchObject({
    source: { latestOf: { schedule: { name: on.name } } },
    target: { scratch: { size: '2Gi', maxAge: '48h', egress: 'Allowed' } },
  })
  expect(await on.names(), 'no snapshot is made for it').toEqual([])
})

test('two operators that see the same slot make one drill', async () => {
  await on.create(hourly())
  await on.run(operator)
  await nextDrill([on.process(), on.process(), operator])
  expect(await on.drills()).toHaveLength(1)
  expect((await on.status()).drill?.counts?.created).toBe(1)
})

test('an operator that is killed at any of its writes leaves one drill of the slot, in the end', async () => {
  await on.create(hourly({ failed: 10 }))
  await on.run(operator)
  for (const nth of [1, 2, 3]) {
    on.nowMs = Date.parse((await on.status()).drill?.nextSlot ?? '') + 1000
    for (const fate of ['lost', 'cut'] as const) {
      const killed = on.process()
      killed.cutAt((n) => (n === nth ? fate : 'sent'))
      await killed.pass().catch(() => undefined)
    }
    await on.run(operator)
    const drills = await on.drills()
    expect(drills).toHaveLength(nth)
    // Else the next slot would wait for it.
    for (const drill of drills) if (drill.status?.phase === undefined) await end(drill, 'Failed')
  }
})

test('the newest good one stays, and as many failed ones as are asked for; status remembers the last of each', async () => {
  await on.create(hourly())
  await on.run(operator)
  const names: string[] = []
  for (const phase of ['Completed', 'Failed', 'Completed', 'Failed', 'Failed'] as const) {
    const drill = await nextDrill()
    names.push(drill.metadata.name)
    await end(drill, phase)
  }
  expect(new Set((await on.drills()).map(({ metadata }) => metadata.name))).toEqual(new Set([names[2], names[4]]))
  const { drill, conditions } = await on.status()
  expect(drill).toMatchObject({
    lastSuccess: { name: names[2], duration: '2m', durationMs: 120_000 },
    lastFailure: { name: names[4], reason: 'DrillFailed' },
    counts: { created: 5, skipped: 0, missed: 0 },
  })
  expect(conditions?.find(({ type }) => type === 'DrillSucceeded')).toMatchObject({
    status: 'False',
    reason: 'DrillFailed',
  })
})
