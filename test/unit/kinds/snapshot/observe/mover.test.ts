// What is read of the mover: which Job and which pod are the very ones, how far it is, and what holds it up.
import { describe, expect, test } from 'vitest'
import { NotFound, TerminalError, TransientError } from '../../../../../src/errors.ts'
import type { SnapshotObservation } from '../../../../../src/kinds/snapshot/observation.ts'
import {
  aClaim,
  ago,
  aJob,
  aSnapshot,
  hour,
  jobName,
  minute,
  movingStatus,
  requestedStatus,
  runningPod,
  second,
} from '../../../../support/builders/observations.ts'
import { observe } from './one-look.ts'
import type { World } from './one-look.ts'

describe('the mover', () => {
  const snapshot = aSnapshot({ status: movingStatus() })
  const job = aJob(snapshot)
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: 'job-uid' }]
  const pod = (name: string, ageMs: number, parts: object = {}): object => ({
    status: runningPod().status,
    ...parts,
    metadata: { name, namespace: 'shop', uid: `${name}-uid`, creationTimestamp: ago(ageMs), ownerReferences },
  })
  const observeMover = async ({
    claim,
    ...world
  }: World & { readonly claim?: object }): Promise<SnapshotObservation['mover']> => {
    const objects = { 'persistentvolumeclaims/backups': aClaim(claim) }
    return (await observe(snapshot, { jobs: [job], ...(claim === undefined ? {} : { objects }), ...world })).mover
  }

  test('is the Job of this attempt, read by its name', async () => {
    const first = aJob(snapshot, { metadata: { name: 'first' } })
    const reads: string[] = []
    const seen = await observeMover({ jobs: [first, job], pods: [pod('new', minute)], reads })
    expect(seen).toMatchObject({ job: { metadata: { name: jobName } }, pod: { metadata: { name: 'new' } } })
    expect(seen.jobs).toEqual([job])
    expect(reads).toEqual(['get pods/search-0', `get jobs/${jobName}`, 'get pods/new'])
  })

  test('is looked for among all of the object where it is not there, and where the object is being deleted', async () => {
    const first = aJob(snapshot, { metadata: { name: 'first' } })
    expect(await observeMover({ jobs: [first] })).toMatchObject({
      job: undefined,
      jobs: [{ metadata: { name: 'first' } }],
    })
    const deleted = aSnapshot({ status: movingStatus(), metadata: { deletionTimestamp: ago(second) } })
    expect((await observe(deleted, { jobs: [first, job] })).mover.jobs).toEqual([first, job])
  })

  test('has a pod that the cache does not show yet, or shows no more, where the Job says that there is one', async () => {
    const status = { active: 1 }
    const kept = { pods: [] }
    const pods = [pod('new', minute)]
    expect((await observeMover({ pods, kept })).pod).toBeUndefined()
    const active = [aJob(snapshot, { status })]
    expect((await observeMover({ jobs: active, pods, kept })).pod?.metadata?.name).toBe('new')
    expect((await observeMover({ pods, kept: { pods: [pod('gone', second)] } })).pod?.metadata?.name).toBe('new')
  })

  test('has the newest pod of that very Job', async () => {
    const foreign = {
      metadata: {
        name: 'foreign',
        creationTimestamp: ago(0),
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: 'earlier-job-uid' }],
      },
    }
    expect((await observeMover({ pods: [pod('old', hour), pod('new', minute), foreign] })).pod?.metadata?.name).toBe(
      'new',
    )
  })

  const line = (bytesDone: number): string => JSON.stringify({ step: 'copying', bytesDone, bytesTotal: 9 })

  test.each([
    ['the last line', `${line(1)}\n${line(2)}\n`, 2],
    ['the last line that is progress', `${line(1)}\nwarning: something\n`, 1],
    ['nothing yet', '', undefined],
    [
      'nothing of a pod that poses as a mover and prints a line without end',
      `${' '.repeat(1024 * 1024)}${line(3)}`,
      undefined,
    ],
    ['JSON of another kind', '{"step":"dreaming"}', undefined],
    ['an output that is gone', new NotFound('gone'), undefined],
    ['an output that may not be read', new TerminalError('forbidden'), undefined],
    ['an output of a node that is silent', new TransientError('cut off'), undefined],
  ])('its progress is %s', async (_, logs, bytesDone) => {
    expect((await observeMover({ pods: [pod('new', minute)], logs })).progress?.bytesDone).toBe(bytesDone)
  })

  test('an API server that does not answer ends the pass', async () => {
    await expect(observeMover({ jobs: [], unanswered: new TransientError('busy') })).rejects.toThrow('busy')
  })

  test('a mover that does not run prints nothing that counts', async () => {
    expect(
      (await observeMover({ pods: [pod('new', minute, { status: { phase: 'Pending' } })], logs: line(1) })).progress,
    ).toBeUndefined()
  })

  const aWarning = (reason: string, times: object): object => ({
    reason,
    message: `${reason} it is.`,
    metadata: { creationTimestamp: ago(hour) },
    ...times,
  })

  test('the newest Warning tells what holds it up, whichever time it carries', async () => {
    const events = [
      aWarning('Old', { lastTimestamp: ago(minute) }),
      aWarning('Newest', { eventTime: ago(second), lastTimestamp: null }),
      aWarning('Oldest', {}),
    ]
    const newest = { reason: 'Newest', message: 'Newest it is.' }
    expect(
      (await observeMover({ pods: [pod('new', minute, { status: { phase: 'Pending' } })], events })).warning,
    ).toEqual(newest)
    expect((await observeMover({ events })).warning).toEqual(newest)
  })

  test('a mover that runs has no warning', async () => {
    expect(
      (await observeMover({ pods: [pod('new', minute)], events: [aWarning('Unhealthy', {})] })).warning,
    ).toBeUndefined()
  })

  const unbound = { status: { phase: 'Pending' } }
  const homeless = pod('new', minute, { status: { phase: 'Pending' } })
  const binder = [
    aWarning('WaitForFirstConsumer', { type: 'Normal', lastTimestamp: ago(second) }),
    aWarning('FailedBinding', { type: 'Normal', lastTimestamp: ago(minute) }),
    aWarning('ProvisioningFailed', { type: 'Warning' }),
  ]

  test('a claim without a volume speaks for itself while the pod waits for it', async () => {
    expect((await observeMover({ pods: [homeless], events: binder, claim: unbound })).claimTrouble).toBe(
      'claim backups has no volume: FailedBinding: FailedBinding it is.',
    )
  })

  test.each([
    ['a claim that has its volume', { pods: [homeless], claim: {} }],
    [
      'a claim behind a pod that has its node',
      { pods: [pod('new', minute, { spec: { nodeName: 'node-a' }, status: { phase: 'Pending' } })], claim: unbound },
    ],
    ['a claim before there is a pod', { claim: unbound }],
    ['a claim that is not there', { pods: [homeless], objects: {} }],
  ])('%s says nothing', async (_, world) => {
    expect((await observeMover({ ...world, events: binder })).claimTrouble).toBeUndefined()
  })

  test('before the move there is none to look for', async () => {
    expect((await observe(aSnapshot({ status: requestedStatus() }), { jobs: [job] })).mover.jobs).toEqual([])
  })
})
