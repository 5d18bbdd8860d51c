// Drills of a schedule, pass by pass: each slot once, on what was asked for, and what stays of them.
import { describe, expect, test } from 'vitest'
import type { MeiliRestore, MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { refusal } from '../../../../support/kubernetes/kube-in-memory.ts'
import { now } from '../../../../support/builders/observations.ts'
import { ScheduleLoop } from '../../../../support/builders/schedule-loop.ts'
import type { ScheduleParts } from '../../../../support/builders/schedules.ts'

const hourMs = 3_600_000
/** 12:00 on 1 March 2026, a Sunday; drills at one each day, snapshots each half hour. */
const at = (hours: number): string => new Date(now + hours * hourMs).toISOString()

const drilling = (drill: object = {}, parts: ScheduleParts = {}): ScheduleLoop =>
  new ScheduleLoop({
    ...parts,
    spec: { schedule: '0 0 1 1 *', ...parts.spec, drill: { schedule: '0 13 * * *', ...drill } },
  })

const only = ({ drills }: ScheduleLoop): MeiliRestore => {
  expect(drills).toHaveLength(1)
  return drills[0]!
}

const ready = (reason: string): MeiliRestoreStatus['conditions'] => [
  { type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: at(0), observedGeneration: 1 },
]
const passed = (hours: number): MeiliRestoreStatus => ({
  phase: 'Completed',
  completedAt: at(hours),
  resolved: { name: 'nightly-202603010000' } as never,
  inspection: { attempt: 1, jobName: 'j', restoreDuration: { total: '1m30s', totalMs: 90_000 } },
})
const failed = (hours: number, reason = 'DrillFailed'): MeiliRestoreStatus => ({
  phase: 'Failed',
  completedAt: at(hours),
  conditions: ready(reason),
})

const good = (hours: number): object => ({
  metadata: { creationTimestamp: at(hours) },
  status: { phase: 'Completed', completedAt: at(hours), task: { uid: 1, status: 'succeeded', startedAt: at(hours) } },
})

describe('a slot', () => {
  test('makes one drill of the newest snapshot, which is looked up by the drill itself', async () => {
    const loop = drilling({ maxAge: '12h', queries: [{ index: 'films', q: 'alien' }], size: '5Gi' })
    await loop.at(at(0))
    expect(loop.status.drill).toMatchObject({ nextSlot: '2026-03-01T13:00:00Z' })
    expect(loop.drills).toEqual([])
    await loop.at(at(1.01))
    const drill = only(loop)
    expect(drill.metadata).toMatchObject({
      name: 'nightly-drill-202603011300',
      labels: { 'meili-operator.dev/schedule': 'nightly' },
      ownerReferences: [{ kind: 'MeiliSnapshotSchedule', name: 'nightly', controller: true }],
    })
    expect(drill.spec.source).toEqual({ latestOf: { schedule: { name: 'nightly' } } })
    expect(drill.spec.target).toEqual({
      scratch: {
        size: '5Gi',
        queries: [{ index: 'films', q: 'alien', minHits: 1 }],
        maxAge: '12h',
        egress: 'Allowed',
      },
    })
    expect(loop.status.drill).toMatchObject({
      lastSlot: '2026-03-01T13:00:00Z',
      lastRunName: 'nightly-drill-202603011300',
      nextSlot: '2026-03-02T13:00:00Z',
      active: 'nightly-drill-202603011300',
      counts: { created: 1, skipped: 0, missed: 0 },
    })
    expect(loop.status.drill?.run).toBeUndefined()
    expect(loop.events).toContain('Normal DrillCreated')
    expect(loop.names, 'no snapshot is made for it').toEqual([])
  })

  test('that had passed before drills were asked for never runs', async () => {
    const loop = new ScheduleLoop({ spec: { schedule: '0 0 1 1 *' } })
    await loop.at(at(0))
    loop.nowMs = Date.parse(at(1.5))
    loop.change({
      spec: { drill: { schedule: '0 13 * * *', of: 'Latest', egress: 'Allowed', failed: 3, maxAge: '48h' } },
    })
    await loop.settle()
    expect(loop.drills).toEqual([])
    expect(loop.status.drill?.nextSlot).toBe('2026-03-02T13:00:00Z')
  })

  test('of a schedule that is suspended never runs', async () => {
    const loop = drilling({}, { spec: { suspend: true } })
    await loop.at(at(0))
    await loop.at(at(1.01))
    expect(loop.drills).toEqual([])
    expect(loop.status.drill?.nextSlot).toBeUndefined()
  })

  test('has one drill, however often its reply is lost, and whoever is the operator then', async () => {
    const loop = drilling()
    await loop.at(at(0))
    let lost = 0
    loop.fault = ({ verb, resource }) => {
      if (verb === 'create' && resource.plural === 'meilirestores' && lost++ === 0) throw refusal(500, 'InternalError')
    }
    loop.nowMs = Date.parse(at(1.01))
    await loop.pass().catch(() => undefined)
    expect(loop.status.drill?.run).toMatchObject({ name: 'nightly-drill-202603011300', tries: 1 })
    await loop.settle()
    expect(only(loop).metadata.name).toBe('nightly-drill-202603011300')
    expect(loop.status.drill?.counts?.created).toBe(1)
  })

  test('whose name somebody else has is never taken from him, and that is said', async () => {
    const loop = drilling()
    await loop.at(at(0))
    loop.kube.lay(
      { plural: 'meilirestores', group: 'meili-operator.dev', version: 'v1alpha1' } as never,
      {
        metadata: { namespace: 'shop', name: 'nightly-drill-202603011300' },
        spec: { target: { inPlace: { instanceRef: { name: 'movies' } } } },
      } as never,
    )
    await loop.at(at(1.01))
    expect(loop.conditions).toContain('DrillSucceeded=False DrillRefused')
    expect(loop.status.drill?.run).toMatchObject({ reason: 'NameTaken' })
    expect(only(loop).spec.target.inPlace).toBeDefined()
  })

  test('that the API server refuses is tried again, and Ready stays as it is', async () => {
    const loop = drilling()
    await loop.at(at(0))
    loop.fault = ({ verb, resource }) => {
      if (verb === 'create' && resource.plural === 'meilirestores') throw refusal(403, 'Forbidden', 'exceeded quota')
    }
    await loop.at(at(1.01))
    expect(loop.conditions).toContain('DrillSucceeded=False DrillRefused')
    expect(loop.conditions).toContain('Ready=True Scheduled')
    loop.fault = () => undefined
    await loop.at(at(1.2))
    expect(only(loop).metadata.name).toBe('nightly-drill-202603011300')
    expect(loop.conditions.some((said) => said.startsWith('DrillSucceeded'))).toBe(false)
  })

  test('of a schedule that cannot be read is said on Ready, and snapshots go on', async () => {
    const loop = new ScheduleLoop({ spec: { schedule: '30 12 * * *', drill: { schedule: '0 0 30 2 *' } } })
    await loop.at(at(0))
    expect(loop.conditions).toContain('Ready=False NoSlot')
    expect(loop.schedule.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'spec.drill.schedule 0 0 30 2 *',
    )
    await loop.at(at(0.51))
    expect(loop.names).toEqual(['nightly-202603011230'])
  })
})

describe('what is drilled', () => {
  const withSnapshots = async (of: string): Promise<ScheduleLoop> => {
    const loop = drilling({ of })
    await loop.at(at(0))
    loop.layRun('b', good(-5))
    loop.layRun('a', good(-1))
    loop.layRun('c', good(-3))
    loop.layRun('failed', { status: { phase: 'Failed', completedAt: at(-9) } })
    loop.layRun('expired', { ...good(-8), status: { phase: 'Expired' } })
    return loop
  }

  test('Oldest: the oldest good one, and its age is not asked', async () => {
    const loop = await withSnapshots('Oldest')
    await loop.at(at(1.01))
    expect(only(loop).spec.source).toEqual({ snapshotRef: { name: 'b' } })
    expect(only(loop).spec.target.scratch?.maxAge).toBeUndefined()
  })

  test('Random: any of the good ones, and in some days each of them', async () => {
    const loop = await withSnapshots('Random')
    const seen = new Set<string | undefined>()
    for (let day = 0; day < 20; day++) {
      await loop.at(at(1.01 + 24 * day))
      const last = loop.drills.at(-1)!
      seen.add(last.spec.source.snapshotRef?.name)
      loop.endDrill(last.metadata.name, passed(1.1 + 24 * day))
    }
    expect(seen).toEqual(new Set(['a', 'b', 'c']))
  })

  test.each(['Oldest', 'Random'])(
    '%s, where there is no good one: a drill that finds nothing, and fails',
    async (of) => {
      const loop = drilling({ of })
      await loop.at(at(0))
      await loop.at(at(1.01))
      expect(only(loop).spec.source).toEqual({ latestOf: { schedule: { name: 'nightly' } } })
    },
  )
})

describe('how they ended', () => {
  async function drilledFor(
    ends: readonly ((hours: number) => MeiliRestoreStatus)[],
    failedKept = 2,
  ): Promise<ScheduleLoop> {
    const loop = drilling({ failed: failedKept })
    await loop.at(at(0))
    for (const [day, end] of ends.entries()) {
      await loop.at(at(1.01 + 24 * day))
      loop.endDrill(loop.status.drill?.lastRunName ?? '', end(1.1 + 24 * day))
      await loop.settle()
    }
    return loop
  }

  test('one that passed says what was started, and how long it took to come back', async () => {
    const loop = await drilledFor([passed])
    expect(loop.status.drill?.lastSuccess).toEqual({
      name: 'nightly-drill-202603011300',
      completedAt: '2026-03-01T13:06:00Z',
      of: 'nightly-202603010000',
      duration: '1m30s',
      durationMs: 90_000,
    })
    expect(loop.status.drill?.active).toBeUndefined()
    expect(loop.conditions).toContain('DrillSucceeded=True DrillPassed')
  })

  test('one that could not be carried out has not passed, and speaks of no snapshot', async () => {
    const loop = await drilledFor([passed, (hours) => failed(hours, 'DrillInconclusive')])
    expect(loop.conditions).toContain('DrillSucceeded=False DrillInconclusive')
    const said = loop.status.conditions?.find(({ type }) => type === 'DrillSucceeded')
    expect(said?.message).toContain('nothing is known of the snapshot')
  })

  test('one that failed says why, until another one has passed', async () => {
    const loop = await drilledFor([passed, (hours) => failed(hours, 'SourceTooOld')])
    expect(loop.status.drill?.lastFailure).toEqual({
      name: 'nightly-drill-202603021300',
      completedAt: '2026-03-02T13:06:00Z',
      reason: 'SourceTooOld',
    })
    expect(loop.conditions).toContain('DrillSucceeded=False DrillFailed')
    expect(loop.events).toContain('Warning DrillFailed')
    await loop.at(at(1.01 + 48))
    loop.endDrill('nightly-drill-202603031300', passed(1.1 + 48))
    await loop.settle()
    expect(loop.conditions).toContain('DrillSucceeded=True DrillPassed')
  })

  test('the newest good one stays, and as many failed ones as are asked for', async () => {
    const loop = await drilledFor([failed, passed, failed, failed, passed, failed])
    expect(loop.drills.map(({ metadata }) => metadata.name)).toEqual([
      'nightly-drill-202603041300',
      'nightly-drill-202603051300',
      'nightly-drill-202603061300',
    ])
    expect(loop.status.drill?.counts).toEqual({ created: 6, skipped: 0, missed: 0 })
  })

  test('what is gone is remembered, with its figures', async () => {
    const loop = await drilledFor([passed, failed], 0)
    expect(loop.drills.map(({ metadata }) => metadata.name)).toEqual(['nightly-drill-202603011300'])
    loop.kube.take({ plural: 'meilirestores', group: 'meili-operator.dev', version: 'v1alpha1' } as never, {
      namespace: 'shop',
      name: 'nightly-drill-202603011300',
    })
    await loop.settle()
    expect(loop.status.drill?.lastSuccess).toMatchObject({ of: 'nightly-202603010000', durationMs: 90_000 })
    expect(loop.status.drill?.lastFailure).toMatchObject({ name: 'nightly-drill-202603021300' })
  })

  test('a restore in place that carries the label is no drill, and is never deleted', async () => {
    const loop = await drilledFor([passed])
    loop.kube.lay(
      { plural: 'meilirestores', group: 'meili-operator.dev', version: 'v1alpha1' } as never,
      {
        metadata: {
          namespace: 'shop',
          name: 'mine',
          labels: { 'meili-operator.dev/schedule': 'nightly' },
          creationTimestamp: at(-9),
        },
        spec: { target: { inPlace: { instanceRef: { name: 'movies' } } } },
        status: { phase: 'Completed', completedAt: at(-9) },
      } as never,
    )
    await loop.at(at(25.01))
    loop.endDrill('nightly-drill-202603021300', passed(25.1))
    await loop.settle()
    expect(loop.drills.map(({ metadata }) => metadata.name)).toEqual(['mine', 'nightly-drill-202603021300'])
  })

  test('without spec.drill nothing is said of drills', async () => {
    const loop = await drilledFor([passed])
    const { drill: _, ...spec } = loop.schedule.spec
    loop.kube.lay(
      { plural: 'meilisnapshotschedules', group: 'meili-operator.dev', version: 'v1alpha1' } as never,
      { ...loop.schedule, spec } as never,
    )
    await loop.settle()
    expect(loop.status.drill).toBeUndefined()
    expect(loop.conditions.some((said) => said.startsWith('DrillSucceeded'))).toBe(false)
  })
})
