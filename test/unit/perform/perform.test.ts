// The only writer: what each effect leaves in the world, and that POST /snapshots happens behind its fence or not at all.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jobs, persistentVolumeClaims, secrets } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import type { Effect, Fact } from '../../../src/reconcile/decision.ts'
import { Conflict, TransientError } from '../../../src/errors.ts'
import { Performer } from '../../../src/perform/perform.ts'
import type { Subject } from '../../../src/reconcile/kind.ts'
import type { Clocks, Moment } from '../../../src/runtime/clocks.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'
import { MeilisearchDouble, refusalAnswer } from '../../support/meilisearch/double.ts'

const things: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' }
const ref = { namespace: 'shop', name: 'thing' }

let kube: KubeInMemory
let engine: MeilisearchDouble
let object: KubeObject
let leader: boolean
let recorded: unknown[]

beforeEach(async () => {
  kube = new KubeInMemory()
  engine = await MeilisearchDouble.start()
  object = kube.lay(things, { metadata: { ...ref, uid: 'thing-uid', finalizers: ['example.test/other'] } })
  leader = true
  recorded = []
  Object.assign(stood, { monotonicMs: 0, wallMs: 0 })
})
afterEach(async () => {
  await engine[Symbol.asyncDispose]()
})

/** The machine's clocks, moved by hand. */
const stood = { monotonicMs: 0, wallMs: 0 }
const clocks: Clocks = {
  monotonicMs: () => performance.now() + stood.monotonicMs,
  wallMs: () => Date.now() + stood.wallMs,
}
const written = (agoMs: number): Moment => ({
  monotonicMs: clocks.monotonicMs() - agoMs,
  wallMs: clocks.wallMs() - agoMs,
})

const perform = async (effect: Effect, subject: Partial<Subject> = {}): Promise<Fact | undefined> =>
  await new Performer({
    kube,
    connections: new Connections(kube),
    isLeader: () => leader,
    record: (about, event) => recorded.push([about, event]),
    clocks,
  }).perform(effect, { resource: things, object, writtenAt: written(0), ...subject })

const failOn = (verb: string, error: Error): void => {
  kube.before = (request) => {
    if (request.verb === verb) throw error
  }
}
const forbidden = (): Error => refusal(403, 'Forbidden', 'exceeded quota: storage')
const unavailable = (): Error => refusal(503, 'ServiceUnavailable')

test('RecordEvent: about the object that it names, and not the one that is reconciled', async () => {
  const about = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { ...ref, uid: 'claim-uid' } }
  const event = { type: 'Warning', reason: 'DeleteArtifactAbandoned', message: 'It stays.' } as const
  expect(await perform({ kind: 'RecordEvent', about, event })).toBeUndefined()
  expect(recorded).toEqual([[about, event]])
})

describe('AddFinalizer and RemoveFinalizer', () => {
  const ours = 'example.test/ours'
  const finalizers = (): readonly string[] | undefined => kube.peek(things, ref)?.metadata.finalizers

  test('ours is added to what others have put there', async () => {
    expect(await perform({ kind: 'AddFinalizer', finalizer: ours })).toBeUndefined()
    expect(finalizers()).toEqual(['example.test/other', ours])
  })

  test('the first one', async () => {
    object = kube.lay(things, { metadata: ref })
    await perform({ kind: 'AddFinalizer', finalizer: ours })
    expect(finalizers()).toEqual([ours])
  })

  test('ours alone is taken away', async () => {
    object = kube.lay(things, { metadata: { ...ref, finalizers: ['example.test/other', ours] } })
    await perform({ kind: 'RemoveFinalizer', finalizer: ours })
    expect(finalizers()).toEqual(['example.test/other'])
  })

  test('on a stale copy nobody’s finalizer is lost', async () => {
    kube.lay(things, { metadata: { ...ref, finalizers: ['example.test/newer'] } })
    await expect(perform({ kind: 'AddFinalizer', finalizer: ours })).rejects.toBeInstanceOf(Conflict)
    await expect(perform({ kind: 'RemoveFinalizer', finalizer: 'example.test/other' })).rejects.toBeInstanceOf(Conflict)
    expect(finalizers()).toEqual(['example.test/newer'])
  })

  test('on an object that is gone there is nothing to do', async () => {
    kube.take(things, ref)
    expect(await perform({ kind: 'RemoveFinalizer', finalizer: ours })).toBeUndefined()
  })

  test('an object of the whole cluster has no namespace', async () => {
    object = kube.lay(things, { metadata: { name: 'wide' } })
    await perform({ kind: 'AddFinalizer', finalizer: ours })
    expect(kube.peek(things, { name: 'wide' })?.metadata.finalizers).toEqual([ours])
  })
})

describe('CreateClaim', () => {
  const claimRef = { namespace: 'shop', name: 'backups' }
  const effect: Effect = {
    kind: 'CreateClaim',
    claim: { metadata: claimRef, spec: { accessModes: ['ReadWriteOnce'] } },
  }

  test('it is there', async () => {
    expect(await perform(effect)).toBeUndefined()
    expect(kube.peek(persistentVolumeClaims, claimRef)).toMatchObject({ spec: { accessModes: ['ReadWriteOnce'] } })
  })

  test('one that is there already is left as it is', async () => {
    const before = kube.lay(persistentVolumeClaims, { metadata: claimRef })
    expect(await perform(effect)).toBeUndefined()
    expect(kube.peek(persistentVolumeClaims, claimRef)).toEqual(before)
  })

  test('a refusal is a fact, in the words of the API server', async () => {
    failOn('create', forbidden())
    expect(await perform(effect)).toEqual({
      kind: 'Refused',
      effect: 'CreateClaim',
      cause: 'Quota',
      message: expect.stringContaining('exceeded quota: storage'),
    })
  })

  test('a namespace that is gone is a refusal', async () => {
    failOn('create', refusal(404, 'NotFound', 'namespaces "shop" not found'))
    expect(await perform(effect)).toEqual({
      kind: 'Refused',
      effect: 'CreateClaim',
      message: expect.stringContaining('namespaces "shop" not found'),
    })
  })

  test('a server that is down is an error: later', async () => {
    failOn('create', unavailable())
    await expect(perform(effect)).rejects.toBeInstanceOf(TransientError)
  })
})

describe('CreateJob', () => {
  const jobRef = { namespace: 'shop', name: 'thing-1' }
  const owner = (uid: string, controller = true): object => ({
    apiVersion: 'example.test/v1',
    kind: 'Thing',
    name: 'other',
    uid,
    controller,
  })
  const effect: Effect = { kind: 'CreateJob', job: { metadata: { ...jobRef, labels: { attempt: '1' } } } }
  const layJob = (ownerReferences: object[]): KubeObject =>
    kube.lay(jobs, { metadata: { ...jobRef, ownerReferences } as KubeObject['metadata'] })

  test('it is there', async () => {
    expect(await perform(effect)).toBeUndefined()
    expect(kube.peek(jobs, jobRef)?.metadata.labels).toEqual({ attempt: '1' })
  })

  test('ours of an earlier pass is taken for it, unchanged', async () => {
    const before = layJob([owner('thing-uid')])
    expect(await perform(effect)).toBeUndefined()
    expect(kube.peek(jobs, jobRef)).toEqual(before)
  })

  test.each([
    ["somebody else's", [owner('other-uid')], 'belongs to Thing other'],
    ["nobody's", [], 'belongs to nobody'],
    ['one that names us, but not as its controller', [owner('thing-uid', false)], 'belongs to nobody'],
  ])('%s of that name is refused and left alone', async (_, owners, words) => {
    const before = layJob(owners)
    expect(await perform(effect)).toEqual({
      kind: 'Refused',
      effect: 'CreateJob',
      cause: 'NameTaken',
      message: `Job thing-1 exists and ${words}. Delete it, and the snapshot goes on.`,
    })
    expect(kube.peek(jobs, jobRef)).toEqual(before)
  })

  test('one that goes in the very moment: another look', async () => {
    failOn('create', refusal(409, 'AlreadyExists'))
    await expect(perform(effect)).rejects.toBeInstanceOf(Conflict)
  })

  test('a refusal is a fact; a server that is down is an error', async () => {
    failOn('create', forbidden())
    expect(await perform(effect)).toMatchObject({ kind: 'Refused', effect: 'CreateJob' })
    failOn('create', unavailable())
    await expect(perform(effect)).rejects.toBeInstanceOf(TransientError)
  })
})

describe('DeleteJob', () => {
  const jobRef = { namespace: 'shop', name: 'thing-1' }
  const effect: Effect = { kind: 'DeleteJob', name: 'thing-1', uid: 'job-uid' }

  test('in the foreground: it goes when its pods are gone', async () => {
    kube.lay(jobs, { metadata: { ...jobRef, uid: 'job-uid' } })
    expect(await perform(effect)).toBeUndefined()
    expect(kube.peek(jobs, jobRef)?.metadata).toMatchObject({
      deletionTimestamp: expect.any(String),
      finalizers: ['foregroundDeletion'],
    })
  })

  test('another Job of that name stays', async () => {
    const before = kube.lay(jobs, { metadata: { ...jobRef, uid: 'younger-uid' } })
    await expect(perform(effect)).rejects.toBeInstanceOf(Conflict)
    expect(kube.peek(jobs, jobRef)).toEqual(before)
  })

  test('one that is gone is gone', async () => {
    expect(await perform(effect)).toBeUndefined()
  })
})

describe('RequestSnapshot', () => {
  const effect = (apiKey?: { name: string; key: string }): Effect => ({
    kind: 'RequestSnapshot',
    server: { namespace: 'shop', endpoint: engine.endpoint, ...(apiKey === undefined ? {} : { apiKey }) },
  })

  test('behind a write of just now: one task, and its uid', async () => {
    engine.tasks.push('dumpCreation')
    expect(await perform(effect())).toEqual({ kind: 'TaskEnqueued', taskUid: 1 })
    expect(engine.tasks).toEqual(['dumpCreation', 'snapshotCreation'])
  })

  test('within 5 s of the write', async () => {
    await perform(effect(), { writtenAt: written(4000) })
    expect(engine.tasks).toEqual(['snapshotCreation'])
  })

  const notSent = async (subject: Partial<Subject>, words: RegExp): Promise<void> => {
    await expect(perform(effect(), subject)).rejects.toThrow(words)
    await expect(perform(effect(), subject)).rejects.toBeInstanceOf(Conflict)
    expect(engine.asked).toEqual([])
  }

  test('without a write in this pass nothing is sent', async () => {
    await notSent({ writtenAt: undefined }, /wrote no status/)
  })

  test('later than 5 s after the write nothing is sent', async () => {
    await notSent({ writtenAt: written(5001) }, /too old/)
  })

  test.each([3_600_000, -3_600_000])(
    'where the wall clock moved by %i ms since the write and the monotonic one did not, nothing is sent: the machine may have been suspended',
    async (byMs) => {
      const writtenAt = written(10)
      stood.wallMs = byMs
      await notSent({ writtenAt }, /too old/)
    },
  )

  test('a wall clock that was set by a second stops nothing', async () => {
    const writtenAt = written(10)
    stood.wallMs = -1000
    await perform(effect(), { writtenAt })
    expect(engine.tasks).toEqual(['snapshotCreation'])
  })

  test('without the lease nothing is sent', async () => {
    leader = false
    await notSent({}, /lease/)
  })

  describe('the fence is looked at last, after the Secret was read', () => {
    const key = { name: 'keys', key: 'k' }

    beforeEach(() => {
      kube.lay(secrets, {
        metadata: { namespace: 'shop', name: 'keys' },
        data: { k: Buffer.from('secret-key').toString('base64') },
      } as KubeObject)
    })

    test('which took too long', async () => {
      const writtenAt = written(4950)
      kube.before = async () => await new Promise((resolve) => setTimeout(resolve, 100))
      await expect(perform(effect(key), { writtenAt })).rejects.toBeInstanceOf(Conflict)
      expect(engine.asked).toEqual([])
    })

    test('while the lease was lost', async () => {
      kube.before = () => void (leader = false)
      await expect(perform(effect(key))).rejects.toBeInstanceOf(Conflict)
      expect(engine.asked).toEqual([])
    })

    test('and the key goes to the server alone', async () => {
      await perform(effect(key))
      expect(engine.asked).toEqual([{ method: 'POST', path: '/snapshots', authorization: 'Bearer secret-key' }])
    })
  })

  test('a Secret that is not there: refused before anything is sent', async () => {
    expect(await perform(effect({ name: 'keys', key: 'k' }))).toEqual({
      kind: 'Refused',
      effect: 'RequestSnapshot',
      cause: 'SecretMissing',
      message: expect.stringContaining('Secret keys does not exist'),
    })
    expect(engine.asked).toEqual([])
  })

  test.each([
    [403, 'invalid_api_key', 'Unauthorized'],
    [401, 'missing_authorization_header', 'Unauthorized'],
    [422, 'no_space_left_on_device', undefined],
    [404, 'not_found', undefined],
  ])('%i %s is a refusal: no task was made', async (status, code, cause) => {
    engine.answer = refusalAnswer(status, code, 'Not so.')
    expect(await perform(effect())).toEqual({
      kind: 'Refused',
      effect: 'RequestSnapshot',
      cause,
      message: `POST /snapshots answered ${status} ${code}: Not so.`,
    })
    expect(engine.times('POST', '/snapshots')).toBe(1)
  })

  test.each<[string, (engine: MeilisearchDouble) => void]>([
    ['a reply that was lost', (double) => (double.answer = (response) => response.destroy() !== undefined)],
    ['500', (double) => (double.answer = refusalAnswer(500, 'internal'))],
    ['a reply that is none', (double) => (double.answer = (response) => response.end('{"hello":') !== undefined)],
  ])('%s is an error, and nothing is sent twice', async (_, breakIt) => {
    breakIt(engine)
    await expect(perform(effect())).rejects.toBeInstanceOf(TransientError)
    expect(engine.times('POST', '/snapshots')).toBe(1)
  })
})

describe('CancelTask', () => {
  const effect = (): Effect => ({
    kind: 'CancelTask',
    taskUid: 7,
    server: { namespace: 'shop', endpoint: engine.endpoint },
  })

  test('names the one task, and gives the uid of the cancelling one', async () => {
    expect(await perform(effect(), { writtenAt: undefined })).toEqual({ kind: 'CancelAccepted', taskUid: 0 })
    expect(engine.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /tasks/cancel?uids=7'])
  })

  test('a refusal is a fact', async () => {
    engine.answer = refusalAnswer(403, 'invalid_api_key')
    expect(await perform(effect())).toMatchObject({ kind: 'Refused', effect: 'CancelTask' })
  })

  test('without its Secret nothing is sent', async () => {
    const server = { namespace: 'shop', endpoint: engine.endpoint, apiKey: { name: 'keys', key: 'k' } }
    expect(await perform({ kind: 'CancelTask', taskUid: 7, server })).toMatchObject({
      kind: 'Refused',
      effect: 'CancelTask',
    })
    expect(engine.asked).toEqual([])
  })
})
