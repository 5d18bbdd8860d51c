// What holds of every decision, whatever a pass sees.
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFinished, meiliSnapshots } from '../../../../../src/api/snapshot.ts'
import type { MeiliSnapshot, MeiliSnapshotStatus } from '../../../../../src/api/snapshot.ts'
import { moverConfig } from '../../../../../src/mover/contract.ts'
import type { Decision, Effect, Fact } from '../../../../../src/reconcile/decision.ts'
import { decideSnapshot } from '../../../../../src/kinds/snapshot/decide.ts'
import { applyFact } from '../../../../../src/kinds/snapshot/apply-fact.ts'
import { configVariable } from '../../../../../src/reconcile/job/template.ts'
import { resultOf, terminationOf } from '../../../../../src/reconcile/job/termination.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import { snapshotEvents } from '../../../../../src/kinds/snapshot/events.ts'
import { asStored, endedPod, now, second } from '../../../../support/builders/observations.ts'
import { words } from '../../../../support/builders/any/parts.ts'
import { anyBesideDatabases } from '../../../../support/builders/any/beside-databases.ts'
import { anyEnqueued, anyObservation, anyUnanswered, sameWorld } from '../../../../support/builders/any/observation.ts'

type Verdict = Decision<MeiliSnapshotStatus>

const runs = { numRuns: 200 }
const anyWorld = fc.oneof({ weight: 8, arbitrary: anyObservation }, anyUnanswered, anyEnqueued)

/** Holds for every observation and what is decided on it. */
function always(holds: (observation: SnapshotObservation, decision: Verdict) => void): void {
  fc.assert(
    fc.property(anyWorld, (observation) => holds(observation, decideSnapshot(observation, now))),
    runs,
  )
}

/** Holds for every observation on which that effect is decided, in those worlds among others; there are such. */
function whenever<K extends Effect['kind']>(
  kind: K,
  worlds: Arbitrary<SnapshotObservation>,
  holds: (observation: SnapshotObservation, effect: Effect & { kind: K }) => void,
): void {
  let seen = 0
  const check = (observation: SnapshotObservation): void => {
    for (const effect of effectsIn(decideSnapshot(observation, now), kind)) {
      seen += 1
      holds(observation, effect)
    }
  }
  fc.assert(fc.property(fc.oneof(anyObservation, { weight: 2, arbitrary: worlds }), check), runs)
  expect(seen).toBeGreaterThan(3)
}

const effectsIn = <K extends Effect['kind']>({ effects }: Verdict, kind: K): (Effect & { kind: K })[] =>
  effects.filter((effect): effect is Effect & { kind: K } => effect.kind === kind)
const withStatus = (snapshot: MeiliSnapshot, status: MeiliSnapshotStatus): MeiliSnapshot => ({
  ...snapshot,
  status: asStored(status),
})

/** The world's answer to an effect, where it gives one at once. */
function factOf(effect: Effect, refuses: boolean): Fact | undefined {
  if (effect.kind !== 'RequestSnapshot' && effect.kind !== 'CancelTask') return undefined
  if (refuses) return { kind: 'Refused', effect: effect.kind, message: 'POST answered 403 invalid_api_key: no.' }
  return effect.kind === 'CancelTask' ? { kind: 'CancelAccepted', taskUid: 99 } : { kind: 'TaskEnqueued', taskUid: 30 }
}

/** All at the same moment, in the same world, with what the world answers: pass after pass, until nothing changes. */
function settle(
  observation: SnapshotObservation,
  answer: 'named' | 'lost' | 'refused',
): { passes: Verdict[]; settled: boolean } {
  let { snapshot } = observation
  const passes: Verdict[] = []
  for (let pass = 0; pass < 16; pass += 1) {
    const decision = decideSnapshot(sameWorld(observation, snapshot), now)
    passes.push(decision)
    const before = asStored(snapshot.status ?? {})
    snapshot = withStatus(snapshot, decision.status)
    for (const effect of decision.effects) {
      const fact = factOf(effect, answer === 'refused')
      if (fact !== undefined && !(effect.kind === 'RequestSnapshot' && answer === 'lost'))
        snapshot = withStatus(snapshot, applyFact(snapshot, fact, now))
    }
    if (isDeepStrictEqual(snapshot.status, before)) return { passes, settled: true }
  }
  return { passes, settled: false }
}

describe('a fixed point', () => {
  test.each(['named', 'lost', 'refused'] as const)(
    'in the same world at the same time nothing changes any more after some passes, and what cannot be repeated is done once in each attempt (replies: %s)',
    (answer) => {
      fc.assert(
        fc.property(anyWorld, (observation) => {
          const { passes, settled } = settle(observation, answer)
          expect(settled).toBe(true)
          const attempts = passes
            .filter((decision) => effectsIn(decision, 'RequestSnapshot').length > 0)
            .map(({ status }) => status.request?.attempt)
          expect(new Set(attempts).size).toBe(attempts.length)
          if (observation.snapshot.metadata.deletionTimestamp === undefined)
            expect(passes.flatMap((decision) => effectsIn(decision, 'CancelTask')).length).toBeLessThanOrEqual(1)
        }),
        runs,
      )
    },
  )
})

describe('a decision', () => {
  test('ends the object, or comes back to it, or leaves it to its deletion', () => {
    always((observation, { status, requeueAfterMs }) => {
      if (
        isFinished(withStatus(observation.snapshot, status)) ||
        observation.snapshot.metadata.deletionTimestamp !== undefined
      )
        return
      expect(requeueAfterMs).toBeGreaterThan(0)
      expect(requeueAfterMs).toBeLessThan(Number.POSITIVE_INFINITY)
    })
  })

  test('of an object that has ended changes nothing and asks for nothing but its removal', () => {
    fc.assert(
      fc.property(anyObservation, fc.constantFrom('Completed', 'Failed'), (observation, phase) => {
        const { generation } = observation.snapshot.metadata
        const snapshot = withStatus(observation.snapshot, {
          ...observation.snapshot.status,
          observedGeneration: generation,
          phase,
        })
        const { status, effects } = decideSnapshot({ ...observation, snapshot }, now)
        expect(status).toEqual(snapshot.status)
        if (snapshot.metadata.deletionTimestamp === undefined)
          expect(effects.filter(({ kind }) => kind !== 'RemoveFinalizer')).toEqual([])
      }),
      runs,
    )
  })

  test('never says Completed without the word of a mover that stored the file', () => {
    always(({ snapshot, mover }, { status }) => {
      if (status.phase !== 'Completed' || snapshot.status?.phase === 'Completed') return
      const termination = terminationOf(mover.job!, mover.pod)!
      expect(resultOf(termination)).toMatchObject({ exitCode: 0, stored: { sha256: status.artifact?.sha256 } })
    })
  })

  test('never leaves a mover behind that no status knows of', () => {
    always((observation, decision) => {
      for (const { job } of effectsIn(decision, 'CreateJob')) {
        expect(job.metadata?.name).toBe(decision.status.move?.jobName)
        expect(observation.mover.job).toBeUndefined()
        expect(observation.target?.metadata?.deletionTimestamp).toBeUndefined()
        expect(observation.target?.spec?.nodeName).toBe(decision.status.move?.node)
      }
    })
  })

  test('makes movers that can read their configuration', () => {
    always((_, decision) => {
      for (const { job } of effectsIn(decision, 'CreateJob')) {
        for (const { persistentVolumeClaim } of job.spec!.template.spec!.volumes!)
          expect(persistentVolumeClaim?.claimName).toMatch(/./)
        const { env, securityContext } = job.spec!.template.spec!.containers[0]!
        expect(
          moverConfig.safeParse(JSON.parse(env!.find(({ name }) => name === configVariable)!.value!)).error,
        ).toBeUndefined()
        expect(job.spec!.template.spec!.securityContext).toMatchObject({ runAsNonRoot: true })
        expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false })
      }
    })
  })

  test('mounts no claim of a database writable, but for a directory apart from the database', () => {
    const isApart = (database: string | undefined, directory: string | undefined): boolean =>
      database !== undefined &&
      directory !== undefined &&
      directory !== '' &&
      !`${directory}/`.startsWith(`${database}/`) &&
      !`${database}/`.startsWith(`${directory}/`)
    let seen = 0
    fc.assert(
      fc.property(anyBesideDatabases, (observation) => {
        for (const { job } of effectsIn(decideSnapshot(observation, now), 'CreateJob')) {
          const { volumes = [], containers } = job.spec!.template.spec!
          for (const mount of containers[0]!.volumeMounts!.filter(({ readOnly }) => readOnly !== true)) {
            const claimName = volumes.find(({ name }) => name === mount.name)?.persistentVolumeClaim?.claimName
            seen += 1
            for (const database of observation.databases.filter((other) => other.claimName === claimName))
              expect(isApart(database.subPath, mount.subPath), JSON.stringify({ database, mount })).toBe(true)
          }
        }
      }),
      { numRuns: 1000 },
    )
    expect(seen).toBeGreaterThan(30)
  })

  test('makes no Job while a server of the namespace is not looked at', () => {
    fc.assert(
      fc.property(anyBesideDatabases, (observation) => {
        expect(effectsIn(decideSnapshot({ ...observation, unseen: ['fresh'] }, now), 'CreateJob')).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  test('deletes no Job but its own', () => {
    always(({ mover }, decision) => {
      const own = mover.jobs.map(({ metadata }) => metadata?.uid)
      for (const { uid } of effectsIn(decision, 'DeleteJob')) expect(own).toContain(uid)
    })
  })

  test('cancels only an enqueued task that our own reply named, that nobody else waits for, and once', () => {
    whenever('CancelTask', anyEnqueued, ({ snapshot, engine, adoptedByOthers }, { taskUid }) => {
      expect(snapshot.status?.request).toMatchObject({ taskUid })
      expect(snapshot.status?.request?.cancelTaskUid).toBeUndefined()
      expect(adoptedByOthers).not.toContain(taskUid)
      expect(engine).toMatchObject({
        candidates: expect.arrayContaining([expect.objectContaining({ uid: taskUid, status: 'enqueued' })]),
      })
    })
  })
})

describe('POST /snapshots', () => {
  const whenAsked = (holds: (observation: SnapshotObservation) => void): void =>
    whenever('RequestSnapshot', anyUnanswered, holds)

  test('is counted, with its time, in the write before it', () => {
    whenAsked((observation) => {
      const { request } = decideSnapshot(observation, now).status
      expect(request).toMatchObject({
        posts: (observation.snapshot.status?.request?.posts ?? 0) + 1,
        postedAt: new Date(now).toISOString(),
      })
    })
  })

  test('is not repeated without 30 s of lists, or a refusal 30 s ago, nor where a task is on record', () => {
    whenAsked(({ snapshot }) => {
      const { request, task } = snapshot.status ?? {}
      if (request === undefined) return
      expect([request.taskUid, task]).toEqual([undefined, undefined])
      const since = request.refused === undefined ? request.missingSince : request.postedAt
      expect(now - Date.parse(since!)).toBeGreaterThanOrEqual(30 * second)
    })
  })

  test('is not sent where a task above the baseline may serve', () => {
    whenAsked(({ snapshot, engine }) => {
      const { request } = snapshot.status ?? {}
      const tasks = engine.state === 'Answered' ? engine.candidates : []
      const serving = tasks.filter(
        ({ uid, status }) => uid > (request?.baseline?.uid ?? -1) && status !== 'failed' && status !== 'canceled',
      )
      if (request !== undefined) expect(serving).toEqual([])
    })
  })

  test('is sent only in turn, to a server that answers, for an object that stays', () => {
    whenAsked(({ snapshot, engine, target, ahead }) => {
      expect(engine.state).toBe('Answered')
      expect(target).toBeDefined()
      expect(snapshot.metadata.deletionTimestamp).toBeUndefined()
      if (snapshot.status?.request === undefined) expect(ahead).toEqual([])
    })
  })
})

/** What is wrong with a status, as the API server would see it. */
function faultsOf(status: MeiliSnapshotStatus): unknown {
  const plain = asStored(status)
  const parsed = meiliSnapshots.status.safeParse(plain)
  if (!parsed.success) return parsed.error.issues
  if (!isDeepStrictEqual(asStored(parsed.data), plain)) return 'has members that the schema would drop'
  if (JSON.stringify(plain).includes(String.raw`\ud`)) return 'has half a character'
  const { conditions = [], phase } = plain
  if (new Set(conditions.map(({ type }) => type)).size !== conditions.length) return 'has a condition twice'
  const complete = conditions.some(({ type, status: verdict }) => type === 'Complete' && verdict === 'True')
  return complete === (phase === 'Completed') ? undefined : 'is complete and is not'
}

describe('a status', () => {
  test('is one that the API server takes, all of it', () => {
    always(({ snapshot }, { status }) => {
      expect(faultsOf(status)).toBeUndefined()
      if (!isDeepStrictEqual(asStored(status), snapshot.status) && status.conditions?.length !== 1)
        expect(status.observedGeneration).toBe(snapshot.metadata.generation)
    })
  })

  test('is one that the API server takes, also with the facts applied', () => {
    fc.assert(
      fc.property(
        anyObservation,
        words,
        fc.constantFrom<Effect['kind']>('RequestSnapshot', 'CreateJob', 'CreateClaim', 'CancelTask'),
        ({ snapshot }, message, effect) => {
          for (const fact of [
            { kind: 'Refused', effect, message },
            { kind: 'TaskEnqueued', taskUid: 30 },
            { kind: 'CancelAccepted', taskUid: 31 },
          ] as const)
            expect(faultsOf(applyFact(snapshot, fact, now))).toBeUndefined()
        },
      ),
      runs,
    )
  })
})

describe('a key', () => {
  const key = 'MASTER-KEY-0123456789abcdef'

  const leaks = fc.constantFrom(
    `GET http://me:${key}@10.1.2.3:7700/tasks got no reply`,
    `curl -H "Authorization: Bearer ${key}"`,
    `http://10.1.2.3:7700/?apiKey=${key}&x=1`,
    `MEILI_MASTER_KEY=${key}`,
  )
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ env: key }) }
  const container = {
    name: 'meilisearch',
    image: 'x',
    env: [{ name: 'MEILI_MASTER_KEY', value: key }],
    args: ['--master-key', key],
  }

  /** The object, or none, with the key in what people annotate. */
  const annotate = <T extends { metadata?: object }>(object: T | undefined): T | undefined =>
    object && Object.assign(structuredClone(object), { metadata: { ...object.metadata, annotations } })

  /** The key, wherever a cluster may hold it, and in the words of others. */
  function withKey(observation: SnapshotObservation, leak: string): SnapshotObservation {
    const { engine, mover, snapshot } = observation
    const target = annotate(observation.target)
    if (target !== undefined) Object.assign(target.spec ?? {}, { containers: [container] })
    return {
      ...observation,
      snapshot: { ...snapshot, metadata: { ...snapshot.metadata, annotations } },
      instance: annotate(observation.instance),
      target,
      claim: annotate(observation.claim),
      engine: 'message' in engine ? { ...engine, message: leak } : engine,
      mover: {
        ...mover,
        warning: mover.warning && { ...mover.warning, message: leak },
        pod: mover.pod?.status?.phase === 'Failed' ? endedPod(15, { exitCode: 15, message: leak }) : mover.pod,
      },
    }
  }

  test('is in no status, no Event, no Job and no claim', () => {
    fc.assert(
      fc.property(anyWorld, leaks, (plain, leak) => {
        const observation = withKey(plain, leak)
        const decision = decideSnapshot(observation, now)
        const refused = applyFact(observation.snapshot, { kind: 'Refused', effect: 'CreateJob', message: leak }, now)
        const events = [decision.status, refused].map((status) =>
          snapshotEvents(plain.snapshot.status, asStored(status)),
        )
        expect(JSON.stringify([decision, refused, events])).not.toContain(key)
      }),
      runs,
    )
  })
})
