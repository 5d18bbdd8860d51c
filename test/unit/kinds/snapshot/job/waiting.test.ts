// Why it does not go on, in words that somebody can act on, and silence where nothing is wrong.
import { describe, expect, test } from 'vitest'
import type { MoverSeen } from '../../../../../src/reconcile/job/seen.ts'
import { whySilent } from '../../../../../src/kinds/snapshot/job/silent.ts'
import { whyWaiting } from '../../../../../src/reconcile/job/waiting.ts'
import {
  aJob,
  anObservation,
  aPod,
  aSnapshot,
  aTarget,
  movingStatus,
  noMover,
  runningPod,
} from '../../../../support/builders/observations.ts'

const job = aJob(aSnapshot({ status: movingStatus() }))
const why = (mover: Partial<MoverSeen>): string | undefined => whyWaiting({ ...noMover, job, ...mover })
const pendingPod = (status: object): MoverSeen['pod'] => aPod({ status: { phase: 'Pending', ...status } })
const waitingPod = (reason: string, message?: string): MoverSeen['pod'] =>
  pendingPod({
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    containerStatuses: [{ name: 'mover', state: { waiting: { reason, message } } }],
  })
const scheduled = pendingPod({ conditions: [{ type: 'PodScheduled', status: 'True' }] })

describe('whyWaiting', () => {
  test.each([
    ['without a Job', { job: undefined }],
    ['with a Job that has no pod yet', {}],
    ['with a pod that runs', { pod: runningPod(), warning: { reason: 'Unhealthy', message: 'something.' } }],
    ['with a pod that nobody has looked at', { pod: pendingPod({}) }],
    ['while the container is created', { pod: waitingPod('ContainerCreating') }],
    ['while the pod is initialized', { pod: waitingPod('PodInitializing') }],
  ])('%s nothing speaks against a start', (_, mover) => {
    expect(why(mover)).toBeUndefined()
  })

  test('a Job that makes no pod: the words of the quota, of Pod Security or of a webhook', () => {
    expect(why({ warning: { reason: 'FailedCreate', message: 'pods "x" is forbidden: exceeded quota: small' } })).toBe(
      'the Job makes no pod: FailedCreate: pods "x" is forbidden: exceeded quota: small.',
    )
  })

  test.each([
    [
      { message: '0/3 nodes are available: 3 node(s) had volume node affinity conflict.' },
      'no node can take it: 0/3 nodes are available: 3 node(s) had volume node affinity conflict.',
    ],
    [{ reason: 'SchedulingGated' }, 'no node can take it: SchedulingGated.'],
    [{}, 'no node can take it.'],
  ])('an unschedulable pod: the words of the scheduler (%j)', (condition, words) => {
    expect(why({ pod: pendingPod({ conditions: [{ type: 'PodScheduled', status: 'False', ...condition }] }) })).toBe(
      words,
    )
  })

  test.each([
    [
      'ImagePullBackOff',
      'Back-off pulling image "example.test/meili-operator:1"',
      'ImagePullBackOff: Back-off pulling image "example.test/meili-operator:1".',
    ],
    ['CreateContainerConfigError', undefined, 'CreateContainerConfigError.'],
  ])('a container that cannot start: %s', (reason, message, words) => {
    expect(why({ pod: waitingPod(reason, message) })).toBe(words)
  })

  test("a sidecar's trouble is not the mover's", () => {
    const pod = pendingPod({
      containerStatuses: [
        { name: 'istio-proxy', state: { waiting: { reason: 'CrashLoopBackOff' } } },
        { name: 'mover', state: { waiting: { reason: 'ErrImagePull', message: 'denied' } } },
      ],
    })
    expect(why({ pod })).toBe('ErrImagePull: denied.')
  })

  test('a volume that cannot be mounted: the newest Warning', () => {
    expect(
      why({
        pod: waitingPod('ContainerCreating'),
        warning: { reason: 'FailedMount', message: 'MountVolume.SetUp failed for volume "destination"' },
      }),
    ).toBe('FailedMount: MountVolume.SetUp failed for volume "destination".')
  })

  test('a claim without a volume: its own words after those of the scheduler, or alone', () => {
    const claimTrouble = 'claim backups has no volume: ProvisioningFailed: storageclass "fast" not found'
    const pod = pendingPod({
      conditions: [
        { type: 'PodScheduled', status: 'False', message: 'pod has unbound immediate PersistentVolumeClaims' },
      ],
    })
    expect(why({ pod, claimTrouble })).toBe(
      'no node can take it: pod has unbound immediate PersistentVolumeClaims. claim backups has no volume: ProvisioningFailed: storageclass "fast" not found.',
    )
    expect(why({ pod: pendingPod({}), claimTrouble })).toBe(
      'claim backups has no volume: ProvisioningFailed: storageclass "fast" not found.',
    )
  })

  test('a Warning of the scheduler is history once the pod has its node', () => {
    expect(
      why({
        pod: scheduled,
        warning: {
          reason: 'FailedScheduling',
          message: '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
        },
      }),
    ).toBeUndefined()
  })
})

describe('whySilent', () => {
  test.each([
    [
      'an answer that did not come',
      { engine: { state: 'Unreachable', message: 'GET /tasks got no reply: ECONNRESET' } },
      'GET /tasks got no reply: ECONNRESET.',
    ],
    [
      'a key that is refused',
      { engine: { state: 'Unauthorized', message: 'Secret keys does not exist.' } },
      'Secret keys does not exist.',
    ],
    [
      'no instance',
      { engine: { state: 'NotAsked' }, instance: undefined, target: undefined },
      'MeiliInstance search does not exist in namespace shop.',
    ],
    ['no pod', { engine: { state: 'NotAsked' }, target: undefined }, 'The pod of MeiliInstance search is not there.'],
    ['no address', { engine: { state: 'NotAsked' }, target: aTarget({ status: {} }) }, 'Pod search-0 has no address.'],
  ] as const)('%s', (_, changes, words) => {
    expect(whySilent(anObservation(changes))).toBe(words)
  })
})
