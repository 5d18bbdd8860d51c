// A drill: whether a server may be started on the snapshot, the Job in which it is, and what follows from what it said.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { meiliRestores, restoreReasons } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import type { DrilledSeen, RestoreObservation } from '../../../../../src/kinds/restore/observation.ts'
import { at, decided, filled } from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { anInstance, aTarget } from '../../../../support/builders/observations.ts'
import { endedMover, runningMover } from '../../../../support/builders/restores.ts'

const reasons = restoreReasons
const resolved = {
  ...filled.resolved!,
  meilisearchVersion: '1.21.0',
  takenAt: at(-7200),
  tasksEnqueued: 0,
  uncompressedBytes: 2 ** 30,
}
const begun: MeiliRestoreStatus = {
  phase: 'Verifying',
  resolved,
  plan: { from: {}, to: {}, madeAt: at(-60) },
  inspection: { attempt: 1, jobName: 'back-drill-1', startedAt: at(-60) },
  startedAt: at(-60),
}
const inspected = {
  result: 'Passed' as const,
  version: '1.21.0',
  indexes: 1,
  documents: 7,
  compared: 1,
  differences: [],
  openMs: 900,
  firstSearchMs: 20,
}

interface Seen {
  readonly status?: MeiliRestoreStatus
  readonly scratch?: object
  readonly rest?: Partial<RestoreObservation>
}

const says = ({ status = begun, scratch = {}, rest = {} }: Seen = {}): Said => {
  const seen: ExchangeSeen = {
    status,
    spec: { target: { scratch }, confirm: undefined },
    instance: undefined,
    claims: [],
    metadata: { finalizers: [] },
    rest: { sourceClaim: { name: 'backups', claim: {} }, ...rest },
  }
  const said = decided(seen)
  expect(meiliRestores.status.parse(said.status)).toEqual(JSON.parse(JSON.stringify(said.status)))
  return said
}

const before: MeiliRestoreStatus = { phase: 'Pending', resolved, startedAt: at(-60) }
const planned: MeiliRestoreStatus = { ...before, plan: { from: {}, to: {}, madeAt: at(-60) } }

const reasonOf = ({ status }: Said): string | undefined =>
  status.conditions?.find(({ type }) => type === 'Ready')?.reason

const jobOf = (seen: Seen): V1Job => {
  const [effect] = decided({
    status: seen.status ?? begun,
    spec: { target: { scratch: seen.scratch ?? {} }, confirm: undefined },
    instance: undefined,
    claims: [],
    rest: { ...seen.rest },
  }).decision.effects
  if (effect?.kind !== 'CreateJob') throw new Error(JSON.stringify(effect))
  return effect.job
}

describe('before a server is started', () => {
  test('a snapshot that is older than maxAge fails the drill', () => {
    const said = says({ status: before, scratch: { maxAge: '1h' } })
    expect(said.status.phase).toBe('Failed')
    expect(reasonOf(said)).toBe(reasons.SourceTooOld)
    expect(said.message).toContain('2h ago')
    expect(says({ status: before, scratch: { maxAge: '3h' } }).status.phase).toBe('Pending')
  })

  test('one of which nobody knows when it was taken is not young enough', () => {
    const { takenAt: _, ...ageless } = resolved
    const said = says({ status: { ...before, resolved: ageless }, scratch: { maxAge: '3h' } })
    expect(reasonOf(said)).toBe(reasons.SourceTooOld)
  })

  test.each([3, undefined])('one with %s tasks inside is not started, as they would run', (tasksEnqueued) => {
    const status = { ...before, resolved: { ...resolved, tasksEnqueued } }
    const said = says({ status: JSON.parse(JSON.stringify(status)) as MeiliRestoreStatus })
    expect(said.status.phase).toBe('Failed')
    expect(reasonOf(said)).toBe(reasons.TasksEnqueued)
    expect(said.message).toContain('target.scratch.egress: Denied')
  })

  test('unless nothing leaves its pods, as the user says, or the version obeys a dead proxy', () => {
    const status = { ...before, resolved: { ...resolved, tasksEnqueued: 3 } }
    expect(says({ status, scratch: { egress: 'Denied' } }).status.phase).toBe('Pending')
    const newer = { ...status, resolved: { ...status.resolved, meilisearchVersion: '1.50.0' } }
    expect(says({ status: newer }).status.phase).toBe('Pending')
  })

  test('one of no known version is not started', () => {
    const { meilisearchVersion: _, ...nameless } = resolved
    expect(reasonOf(says({ status: { ...before, resolved: nameless } }))).toBe(reasons.SourceUnusable)
  })

  test('the Job is on record before it is made', () => {
    const said = says({ status: planned })
    expect(said.does).toEqual([])
    expect(said.status).toMatchObject({
      phase: 'Verifying',
      inspection: { attempt: 1, jobName: expect.stringMatching(/^back-.*-drill-1$/), startedAt: at(0) },
    })
  })
})

describe('the Job', () => {
  const engineIn = (job: V1Job): string | undefined =>
    job.spec?.template.spec?.initContainers?.find(({ name }) => name === 'engine')?.image
  const drilled = (changes: Partial<DrilledSeen> = {}): DrilledSeen => ({
    instance: anInstance({ status: { ...anInstance().status, version: '1.21.0' } }),
    pod: aTarget(),
    runAs: undefined,
    ...changes,
  })

  test('is of the server that still runs that version: by digest, where its registry knows it', () => {
    const name = anInstance().status?.snapshotVolume?.container ?? ''
    const podWith = (imageID: string): V1Pod => ({
      spec: { containers: [{ name, image: 'registry.local/meili:v1.21.0' }] },
      status: { containerStatuses: [{ name, imageID, image: '', ready: true, restartCount: 0 }] },
    })
    const imageWith = (imageID: string): string | undefined =>
      engineIn(jobOf({ rest: { drilled: drilled({ pod: podWith(imageID) }) } }))
    expect(imageWith('registry.local/meili@sha256:abc')).toBe('registry.local/meili@sha256:abc')
    expect(imageWith('sha256:abc')).toBe('registry.local/meili:v1.21.0')
  })

  test('is of the version of the snapshot, where the server has been upgraded since or is gone', () => {
    const instance = anInstance({ status: { ...anInstance().status, version: '1.22.0' } })
    expect(engineIn(jobOf({ rest: { drilled: drilled({ instance }) } }))).toBe('getmeili/meilisearch:v1.21.0')
    expect(engineIn(jobOf({}))).toBe('getmeili/meilisearch:v1.21.0')
  })

  test('runs as whoever stored the files', () => {
    const job = jobOf({ rest: { drilled: drilled({ runAs: { user: 2000, group: 3000 } }) } })
    expect(job.spec?.template.spec?.securityContext).toMatchObject({ runAsUser: 2000, runAsGroup: 3000, fsGroup: 3000 })
  })

  test('has the room that was asked for, else what the data needs with a reserve', () => {
    const roomOf = (job: V1Job): string | undefined =>
      job.spec?.template.spec?.volumes?.find(({ name }) => name === 'data')?.ephemeral?.volumeClaimTemplate?.spec
        .resources?.requests?.['storage']
    expect(roomOf(jobOf({ scratch: { size: '7Gi' } }))).toBe(String(7 * 2 ** 30))
    expect(Number(roomOf(jobOf({})))).toBeGreaterThan(2 ** 30)
  })

  test('gives the server the memory that was asked for', () => {
    const job = jobOf({ scratch: { resources: { limits: { memory: '8Gi' } } } })
    const engine = job.spec?.template.spec?.initContainers?.find(({ name }) => name === 'engine')
    expect(engine?.resources?.limits).toEqual({ memory: '8Gi' })
  })

  test('is given no secret, and belongs to the restore', () => {
    const job = jobOf({})
    expect(JSON.stringify(job)).not.toContain('secretKeyRef')
    expect(job.metadata?.ownerReferences).toMatchObject([{ kind: 'MeiliRestore', name: 'back', controller: true }])
  })
})

describe('its end', () => {
  const ended = (result: object): Seen => ({
    rest: { mover: endedMover('back-drill-1', { message: 'Compared 1 of 1 index.', ...result }) },
  })

  test('passed: complete, with what the engine said, and how long it took to come back', () => {
    const mover = endedMover('back-drill-1', { message: 'Compared 1 of 1 index.', inspected })
    const fill = {
      exitCode: 0,
      message: JSON.stringify({ exitCode: 0, message: '', seconds: { fetch: 1.5, extract: 2.5 } }),
    }
    const { containerStatuses } = mover.pod?.status ?? {}
    const pod = {
      status: { containerStatuses, initContainerStatuses: [{ name: 'fill', state: { terminated: fill } }] },
    } as V1Pod
    const said = says({ rest: { mover: { ...mover, pod } } })
    expect(said.status).toMatchObject({
      phase: 'Completed',
      restored: { version: '1.21.0', indexes: 1, documents: 7, compared: 1, at: at(0) },
      inspection: { result: 'Passed', restoreDuration: { totalMs: 4920 } },
    })
    expect(said.does).toEqual(['DeleteJob'])
  })

  test('the engine found something else: failed, named, and its log stays for a while', () => {
    const differences = [{ index: 'films', expected: 9, found: 7 }]
    const said = says(
      ended({ exitCode: exitCodes.inspectionFailed, inspected: { ...inspected, result: 'Failed', differences } }),
    )
    expect(said.status).toMatchObject({
      phase: 'Failed',
      inspection: { result: 'Failed' },
      restored: { differences: [{ index: 'films', expected: 9, found: 7 }] },
    })
    expect(reasonOf(said)).toBe(reasons.DrillFailed)
    expect(said.does).toEqual([])
    expect(said.message).toContain('kubectl logs job/back-drill-1')
  })

  test('the engine did not come up: failed', () => {
    const said = says(ended({ exitCode: exitCodes.inspectionFailed }))
    expect(reasonOf(said)).toBe(reasons.DrillFailed)
    expect(said.status.phase).toBe('Failed')
  })

  test('a damaged archive is told as that, at once', () => {
    const said = says(ended({ exitCode: exitCodes.archiveBad, message: 'CRC.' }))
    expect(reasonOf(said)).toBe(reasons.ArchiveCorrupt)
    expect(said.status).toMatchObject({ phase: 'Failed', inspection: { result: 'Failed' } })
  })

  test('what may pass is tried again, three times', () => {
    const said = says(ended({ exitCode: exitCodes.inputOutput, message: 'Disk.' }))
    expect(said.status).toMatchObject({ phase: 'Verifying', inspection: { attempt: 2, failures: 1, failure: 'Disk.' } })
    expect(said.does).toEqual(['DeleteJob'])
    const often = { ...begun, inspection: { ...begun.inspection!, attempt: 3, failures: 2 } }
    expect(says({ ...ended({ exitCode: exitCodes.inputOutput, message: 'Disk.' }), status: often }).status.phase).toBe(
      'Failed',
    )
  })

  test('a server that falls over each time has failed it', () => {
    const often = { ...begun, inspection: { ...begun.inspection!, attempt: 3, failures: 2 } }
    const said = says({ ...ended({ exitCode: exitCodes.inputOutput, message: 'It went away.' }), status: often })
    expect(reasonOf(said)).toBe(reasons.DrillFailed)
    expect(said.status).toMatchObject({ phase: 'Failed', inspection: { result: 'Failed' } })
  })

  test('what its memory ended says nothing of the snapshot, and names the field that gives it more', () => {
    const mover = endedMover('back-drill-1', { exitCode: exitCodes.inputOutput, message: 'It went away.' })
    const oom = { terminated: { exitCode: 137, reason: 'OOMKilled' } }
    const engine = { name: 'engine', restartCount: 0, state: oom }
    const { containerStatuses } = mover.pod?.status ?? {}
    const pod = { status: { containerStatuses, initContainerStatuses: [engine] } } as unknown as V1Pod
    const said = says({ rest: { mover: { ...mover, pod } } })
    expect(reasonOf(said)).toBe(reasons.DrillInconclusive)
    expect(said.status).toMatchObject({ phase: 'Failed', inspection: { result: 'Inconclusive' } })
    expect(said.message).toContain('target.scratch.resources.limits.memory')
    expect(said.does).toEqual(['DeleteJob'])
  })

  test('nothing runs past deadlines.fill', () => {
    const status = { ...begun, inspection: { ...begun.inspection!, startedAt: at(-7 * 3600) } }
    const mover = runningMover('back-drill-1')
    expect(says({ status, rest: { mover } })).toMatchObject({ does: ['DeleteJob'], status: { phase: 'Verifying' } })
    const over = says({ status })
    expect(over.status.phase).toBe('Failed')
    expect(reasonOf(over)).toBe(reasons.FillDeadlineExceeded)
    expect(over.status.inspection?.result).toBe('Inconclusive')
  })

  test('while it works, status follows it', () => {
    const progress = { step: 'unpacking' as const, bytesDone: 1, bytesTotal: 4 }
    const said = says({ rest: { mover: runningMover('back-drill-1', { progress }) } })
    expect(said.status).toMatchObject({ phase: 'Verifying', progress: { step: 'unpacking', percent: 25 } })
  })
})
