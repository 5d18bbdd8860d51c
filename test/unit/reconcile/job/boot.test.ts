// The Job in which a server is started on a copy of a stored snapshot: what it mounts, what it can reach, and how its end is read.
import { describe, expect, test } from 'vitest'
import type { V1Container, V1ContainerState, V1Job, V1Pod, V1PodSpec } from '@kubernetes/client-node'
import { moverConfig } from '../../../../src/mover/contract.ts'
import type { MoverConfig } from '../../../../src/mover/contract.ts'
import { bootJob, volumeBytesFor } from '../../../../src/reconcile/job/boot/job.ts'
import type { BootTask } from '../../../../src/reconcile/job/boot/job.ts'
import { bootLifeOf, restoreDurationOf } from '../../../../src/reconcile/job/boot/end.ts'
import { killedIn, speaksOfData } from '../../../../src/reconcile/job/boot/killed.ts'
import { whyNotStarted } from '../../../../src/reconcile/job/boot/egress.ts'
import { podSecurityViolations } from '../../../support/kubernetes/pod-security.ts'
import { noMover, now } from '../../../support/builders/observations.ts'

const sha256 = 'a'.repeat(64)
const task: BootTask = {
  owner: {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { name: 'monday', namespace: 'shop', uid: '0123456789' },
  },
  labels: { 'meili-operator.dev/snapshot-uid': '0123456789' },
  mover: { stream: { mode: 'Never', maxSize: '10Gi' } },
  name: 'monday-01234567-boot-1',
  moverImage: 'example.com/meili-operator:1',
  imagePullSecrets: ['regcred'],
  source: {
    claimName: 'backups',
    path: 'movies/monday-01234567',
    fileName: 'data.ms.snapshot',
    sizeBytes: 1000,
    sha256,
    meilisearchVersion: '1.21.0',
    uncompressedBytes: 4000,
    indexes: 2,
  },
  engineImage: 'getmeili/meilisearch@sha256:1',
  upgrade: false,
  volumeBytes: 2 ** 30,
  queries: [{ index: 'movies', q: 'alien', minHits: 1 }],
  attempt: 1,
  deadlineSeconds: 600,
  placement: {},
}

const podOf = (job: V1Job): V1PodSpec => job.spec!.template.spec!
const container = (job: V1Job, name: string): V1Container =>
  [...(podOf(job).initContainers ?? []), ...podOf(job).containers].find((each) => each.name === name)!
const configOf = ({ env }: V1Container): MoverConfig =>
  moverConfig.parse(JSON.parse(env!.find(({ name }) => name === 'MOVER_CONFIG')!.value!))
const environmentOf = ({ env }: V1Container): Record<string, string | undefined> =>
  Object.fromEntries(env!.map(({ name, value }) => [name, value]))

describe('the Job of a boot', () => {
  const job = bootJob(task)

  test('fills a volume of its own, starts the engine beside, and asks it', () => {
    expect(podOf(job).initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['fill', undefined],
      ['engine', 'Always'],
    ])
    expect(configOf(container(job, 'fill'))).toMatchObject({
      command: 'fill',
      source: {
        root: '/source',
        claim: 'backups',
        path: 'movies/monday-01234567',
        fileName: 'data.ms.snapshot',
        sha256,
      },
      destination: { root: '/data', directory: 'data.ms' },
      uncompressedBytes: 4000,
    })
    expect(configOf(container(job, 'mover'))).toMatchObject({
      command: 'inspect',
      endpoint: 'http://127.0.0.1:7700',
      artifact: { root: '/source', claim: 'backups', path: 'movies/monday-01234567' },
      indexes: 2,
      queries: [{ index: 'movies', q: 'alien', minHits: 1 }],
    })
    expect(environmentOf(container(job, 'engine'))['MEILI_DB_PATH']).toBe('/data/data.ms')
  })

  test('reads the claim, and writes to nothing but its own volume, which goes with the pod', () => {
    const mounts = [...(podOf(job).initContainers ?? []), ...podOf(job).containers].map(({ name, volumeMounts }) => [
      name,
      volumeMounts?.map((mount) => `${mount.name}${mount.readOnly === true ? ' read-only' : ''}`),
    ])
    expect(mounts).toEqual([
      ['fill', ['source read-only', 'data']],
      ['engine', ['data']],
      ['mover', ['source read-only']],
    ])
    expect(
      podOf(job).volumes?.map(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral),
    ).toEqual([
      { claimName: 'backups', readOnly: true },
      {
        volumeClaimTemplate: {
          metadata: { labels: task.labels },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: String(2 ** 30) } } },
        },
      },
    ])
  })

  test('is cut off: loopback alone, no key, no token, no resolver, a dead proxy, no configuration of the image', () => {
    const engine = container(job, 'engine')
    const environment = environmentOf(engine)
    expect(environment).toMatchObject({
      MEILI_HTTP_ADDR: '127.0.0.1:7700',
      MEILI_ENV: 'development',
      MEILI_NO_ANALYTICS: 'true',
      HTTP_PROXY: 'http://127.0.0.1:9',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '',
    })
    expect(Object.keys(environment).filter((name) => /KEY|IMPORT|WEBHOOK|UPGRADE/.test(name))).toEqual([])
    expect(engine.env?.filter(({ valueFrom }) => valueFrom !== undefined)).toEqual([])
    expect(engine.workingDir).toBe('/data')
    expect([engine.command, engine.args]).toEqual([undefined, undefined])
    expect(podOf(job)).toMatchObject({
      automountServiceAccountToken: false,
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['127.0.0.1'] },
    })
    expect(podOf(job).serviceAccountName).toBeUndefined()
  })

  test('is restricted, as user 1000 or as whoever may read the artifact', () => {
    expect(podSecurityViolations(job.spec!.template)).toEqual([])
    expect(podOf(job).securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 })
    const other = bootJob({ ...task, securityContext: { runAsNonRoot: true, runAsUser: 999 } })
    expect(podOf(other).securityContext?.runAsUser).toBe(999)
  })

  test('upgrades the copy only where that is asked for, by both names of the setting', () => {
    expect(environmentOf(container(bootJob({ ...task, upgrade: true }), 'engine'))).toMatchObject({
      MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE: 'true',
      MEILI_UPGRADE_DB: 'true',
    })
  })

  test('takes its limits, its class and its room from whoever asks', () => {
    const given = bootJob({ ...task, storageClassName: 'fast', resources: { limits: { memory: '64Mi' } } })
    expect(container(given, 'engine').resources?.limits).toEqual({ memory: '64Mi' })
    expect(environmentOf(container(given, 'engine'))['MEILI_MAX_INDEXING_MEMORY']).toBe(String(32 * 2 ** 20))
    expect(container(job, 'engine').resources?.limits).toEqual({ memory: '2Gi' })
    expect(podOf(given).volumes?.[1]?.ephemeral?.volumeClaimTemplate?.spec.storageClassName).toBe('fast')
    const gibibyte = 2 ** 30
    expect([volumeBytesFor(100), volumeBytesFor(40 * gibibyte)]).toEqual([gibibyte + 2 ** 20, 50 * gibibyte])
  })

  test('of a bare file compares with no manifest', () => {
    const bare = bootJob({ ...task, source: { ...task.source, isFile: true, indexes: undefined } })
    expect(configOf(container(bare, 'mover'))).not.toHaveProperty('artifact')
    expect(container(bare, 'mover').volumeMounts).toEqual([])
  })
})

describe('whether a server may be started on it', () => {
  const held = { version: '1.21.0', tasksEnqueued: 0, egress: 'Allowed' } as const

  test('it may where no task waited, where the proxy holds, and where nothing leaves the pod', () => {
    expect(whyNotStarted(held)).toBeUndefined()
    expect(whyNotStarted({ ...held, tasksEnqueued: 3, version: '1.50.0' })).toBeUndefined()
    expect(whyNotStarted({ ...held, tasksEnqueued: 3, version: '2.0.0' })).toBeUndefined()
    expect(whyNotStarted({ ...held, tasksEnqueued: 3, egress: 'Denied' })).toBeUndefined()
  })

  test('it may not where a task waited, or nobody knows, and the engine obeys no proxy', () => {
    expect(whyNotStarted({ ...held, tasksEnqueued: 3 })).toContain('3 tasks waited')
    expect(whyNotStarted({ ...held, tasksEnqueued: undefined, version: '1.49.9' })).toContain('not on record')
    expect(whyNotStarted({ ...held, tasksEnqueued: 1, version: 'latest' })).toContain('obeys no proxy')
  })
})

const inspected = {
  result: 'Passed' as const,
  version: '1.21.0',
  indexes: 1,
  documents: 3,
  compared: 1,
  differences: [],
  openMs: 300,
  firstSearchMs: 20,
}

const ended = (exitCode: number, message: object, startedAt = '2026-11-30T03:00:10Z'): V1ContainerState =>
  ({
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      message: JSON.stringify(message),
      startedAt,
    },
  }) as unknown as V1ContainerState

interface States {
  readonly fill?: V1ContainerState
  readonly engine?: { readonly state?: V1ContainerState; readonly lastState?: V1ContainerState }
  readonly mover?: V1ContainerState
}

const aBootPod = ({ fill = ended(0, filled), engine = {}, mover = {} }: States): V1Pod =>
  ({
    metadata: { name: 'p' },
    status: {
      phase: 'Running',
      initContainerStatuses: [
        { name: 'fill', state: fill, restartCount: 0 },
        { name: 'engine', restartCount: engine.lastState === undefined ? 0 : 1, ...engine },
      ],
      containerStatuses: [{ name: 'mover', state: mover, restartCount: 0 }],
    },
  }) as unknown as V1Pod

const filled = {
  exitCode: 0,
  message: 'Unpacked.',
  filled: { version: '1.21.0', uncompressedBytes: 4000, sizeBytes: 1000, sha256, alreadyThere: false },
  seconds: { fetch: 0, extract: 12.5 },
}

describe('the end of a boot', () => {
  const job = bootJob(task)
  const lifeOfPod = (pod: V1Pod): ReturnType<typeof bootLifeOf> => bootLifeOf({ ...noMover, job, pod }, undefined, now)

  test('is what inspect says', () => {
    const pod = aBootPod({ mover: ended(0, { exitCode: 0, message: 'It serves it.', inspected }) })
    expect(lifeOfPod(pod)).toMatchObject({ is: 'ended', result: { exitCode: 0, inspected } })
  })

  test('is what the filler says, where it failed: nothing else has run', () => {
    const pod = aBootPod({
      fill: ended(14, { exitCode: 14, message: 'Full.', space: { neededBytes: 5, freeBytes: 1 } }),
    })
    expect(lifeOfPod(pod)).toMatchObject({ is: 'ended', result: { exitCode: 14, message: 'Full.' } })
  })

  test('names why the engine never answered: its memory, or its own words', () => {
    const mover = ended(32, { exitCode: 32, message: 'Meilisearch did not answer.' })
    const killed = aBootPod({
      mover,
      engine: { lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } },
    })
    expect(lifeOfPod(killed)).toMatchObject({ result: { message: expect.stringContaining('OOMKilled') as string } })
    const refused = aBootPod({
      mover,
      engine: {
        lastState: {
          terminated: { exitCode: 1, reason: 'Error', message: 'Error:\n MDB_CORRUPTED' },
        },
      },
    })
    expect(lifeOfPod(refused)).toMatchObject({
      result: { message: 'Meilisearch did not answer. It had ended with exit code 1: Error: MDB_CORRUPTED.' },
    })
  })

  test('has come where the engine does not stay up: nothing is waited for', () => {
    const engine = { lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'MDB_CORRUPTED' } } }
    const pod = aBootPod({ engine })
    pod.status!.initContainerStatuses![1]!.restartCount = 3
    expect(lifeOfPod(pod)).toMatchObject({
      is: 'ended',
      result: {
        exitCode: 36,
        message: 'Meilisearch does not stay up on it. It had ended with exit code 1: MDB_CORRUPTED.',
      },
    })
  })

  test('has come where its memory was too small twice, and has not after the first time', () => {
    const oom = { terminated: { exitCode: 137, reason: 'OOMKilled' } }
    const waiting = { waiting: { reason: 'CrashLoopBackOff' } }
    expect(lifeOfPod(aBootPod({ engine: { state: waiting, lastState: oom } }))).toMatchObject({
      is: 'ended',
      result: { message: expect.stringContaining('ran out of memory (OOMKilled)') as string },
    })
    expect(lifeOfPod(aBootPod({ engine: { state: { running: {} }, lastState: oom } }))).toMatchObject({ is: 'running' })
  })

  test('has not come while the engine has no image, and says so', () => {
    const waiting = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }
    expect(lifeOfPod(aBootPod({ engine: { state: waiting } }))).toMatchObject({
      is: 'running',
      why: 'container engine does not run: ImagePullBackOff: no such image.',
    })
  })

  test('has measured how long it takes to come back, from the start of the engine on', () => {
    const pod = aBootPod({
      mover: ended(0, {}, '2026-11-30T03:00:12Z'),
      engine: { state: ended(143, {}, '2026-11-30T03:00:11Z') },
    })
    expect(restoreDurationOf(pod, inspected)).toEqual({
      fetch: '0ms',
      extract: '13s',
      open: '1s',
      firstSearch: '20ms',
      total: '14s',
      totalMs: 13_820,
    })
  })
})

describe('what the cluster ended', () => {
  const limited = (pod: V1Pod): V1Pod => Object.assign(pod, { spec: podOf(bootJob(task)) })
  const killed = (exitCode: number, more: object = {}): V1ContainerState =>
    ({
      terminated: { exitCode, reason: 'Error', finishedAt: '2026-11-30T03:00:20Z', ...more },
    }) as unknown as V1ContainerState

  test('is memory, with the limit in figures', () => {
    const pod = limited(aBootPod({ engine: { state: killed(137, { reason: 'OOMKilled' }) } }))
    expect(killedIn(pod)).toEqual({
      by: 'Memory',
      why: 'Meilisearch ran out of memory (OOMKilled): its limit was 2Gi.',
    })
  })

  test('is the disk, as Meilisearch says it', () => {
    const message = 'Error: No space left on device (os error 28)'
    expect(killedIn(aBootPod({ engine: { lastState: killed(1, { message }) } }))).toMatchObject({ by: 'Disk' })
  })

  test("is an eviction, in the kubelet's words", () => {
    const pod = aBootPod({})
    const message = 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.'
    Object.assign(pod.status ?? {}, { reason: 'Evicted', message })
    expect(killedIn(pod)).toEqual({
      by: 'Node',
      why: `Its pod was evicted: ${message}`,
    })
  })

  test('is a SIGKILL while it was asked, and none at the end of its pod', () => {
    const inspectEnded = (finishedAt: string): V1ContainerState => killed(36, { finishedAt })
    const engine = { state: killed(137) }
    expect(killedIn(aBootPod({ engine, mover: inspectEnded('2026-11-30T03:00:21Z') }))).toMatchObject({ by: 'Node' })
    expect(killedIn(aBootPod({ engine, mover: inspectEnded('2026-11-30T02:59:49Z') }))).toBeUndefined()
    expect(killedIn(aBootPod({ engine: { lastState: killed(139) } }))).toBeUndefined()
  })

  test('says nothing of the data, whatever the exit code', () => {
    expect([11, 30, 31, 34, 36].map((code) => speaksOfData(code, undefined))).toEqual(Array(5).fill(true))
    expect([10, 13, 14, 15, 32, 143, -1, 137].map((code) => speaksOfData(code, undefined))).toEqual(
      Array(8).fill(false),
    )
    expect(speaksOfData(36, { by: 'Memory', why: '' })).toBe(false)
  })
})
