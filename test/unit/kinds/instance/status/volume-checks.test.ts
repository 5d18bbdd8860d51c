// SnapshotVolumeReady: every rung by its name. It gates snapshots and never Ready.
import { describe, expect, test } from 'vitest'
import type { InstanceObservation } from '../../../../../src/kinds/instance/observation.ts'
import { aClaim, aTarget } from '../../../../support/builders/observations.ts'
import {
  aLocation,
  instanceVerdict,
  instanceWith,
  nothingThere,
} from '../../../../support/builders/instance-observations.ts'

interface Judged {
  readonly status: string | undefined
  readonly reason: string | undefined
  readonly message: string
  readonly ready: string | undefined
}

function volumeCondition(changes: Partial<InstanceObservation>): Judged {
  const { status, ready } = instanceVerdict(changes)
  const condition = status.conditions?.find(({ type }) => type === 'SnapshotVolumeReady')
  return { status: condition?.status, reason: condition?.reason, message: condition?.message ?? '', ready }
}

const claim = (changes: object): Pick<InstanceObservation, 'claim'> => ({
  claim: aClaim({ metadata: { name: 'search-data' }, ...changes }),
})

test('on a bound claim: which directory, which claim', () => {
  expect(volumeCondition({})).toEqual({
    status: 'True',
    reason: 'Ready',
    message: 'Snapshots are written to /meili_data/snapshots, on claim search-data.',
    ready: 'True',
  })
})

describe('noSinglePod', () => {
  test.each<[string, Partial<InstanceObservation>]>([
    ['no pod', nothingThere],
    ['two pods', { ...nothingThere, pods: [aTarget(), aTarget()] }],
  ])('%s: nothing to look at', (_, changes) => {
    expect(volumeCondition(changes)).toMatchObject({
      status: 'Unknown',
      reason: 'NotChecked',
      message: 'There is no single pod to look at.',
    })
  })
})

describe('noContainer', () => {
  test('several containers: which field names the right one', () => {
    expect(volumeCondition({ located: undefined })).toMatchObject({
      status: 'False',
      reason: 'ContainerUnknown',
      message: expect.stringMatching(/^Pod search-0 has several containers.*port 7700.*spec\.existing\.container/),
      ready: 'True',
    })
  })

  test('the container that the user names is not there', () => {
    expect(
      volumeCondition({ located: undefined, instance: instanceWith(undefined, { existing: { container: 'meili' } }) }),
    ).toMatchObject({ reason: 'ContainerUnknown', message: 'Pod search-0 has no container meili.' })
  })
})

describe('snapshotsToS3', () => {
  test('there is no file to move', () => {
    expect(volumeCondition({ located: aLocation({}, { s3: true }) })).toMatchObject({
      status: 'False',
      reason: 'SnapshotsToS3',
      message: expect.stringMatching(/S3.*Take the S3 settings away/),
      ready: 'True',
    })
  })

  test('is said before that the directory is unknown', () => {
    expect(volumeCondition({ located: { unknown: 'x', remedy: 'y', s3: true } }).reason).toBe('SnapshotsToS3')
  })
})

describe('directoryUnknown', () => {
  test('what and why, and the remedy that goes with it', () => {
    const located = {
      unknown: 'the snapshot directory cannot be known: a shell line sets --snapshot-dir',
      remedy: 'Set spec.existing.snapshotDirectory.',
      s3: false,
    }
    expect(volumeCondition({ located, claim: undefined })).toEqual({
      status: 'False',
      reason: 'DirectoryUnknown',
      message:
        'In pod search-0 the snapshot directory cannot be known: a shell line sets --snapshot-dir. Set spec.existing.snapshotDirectory.',
      ready: 'True',
    })
  })
})

describe('onNoClaim', () => {
  test.each([
    ['emptyDir', 'on an emptyDir,'],
    ['hostPath', 'on a hostPath,'],
    ['nfs', 'on an nfs,'],
    ['csi', 'on a csi,'],
    ['the container file system', 'on the container file system,'],
    ['an unknown volume', 'on an unknown volume,'],
  ])('%s', (kind, words) => {
    const { reason, message, ready } = volumeCondition({
      located: aLocation({ kind, claimName: undefined }),
      claim: undefined,
    })
    expect({ reason, ready }).toEqual({ reason: 'DirectoryNotOnClaim', ready: 'True' })
    expect(message).toContain(
      'install-streaming.yaml with MAX_STREAMS (stream.exec in the chart), and spec.mover.stream.mode: IfNeeded',
    )
    expect(message).toContain(
      `Pod search-0 writes its snapshots to /meili_data/snapshots, ${words} which no other pod can mount. Put MEILI_SNAPSHOT_DIR on a PersistentVolumeClaim.`,
    )
  })
})

describe('streamOnly', () => {
  test.each<[string, Partial<InstanceObservation>, string]>([
    [
      'an emptyDir',
      { located: aLocation({ kind: 'emptyDir', claimName: undefined }), claim: undefined },
      'Pod search-0 writes its snapshots to /meili_data/snapshots, on an emptyDir, which no other pod can mount.',
    ],
    [
      'a ReadWriteOncePod claim',
      claim({ spec: { accessModes: ['ReadWriteOncePod'] } }),
      'Claim search-data is ReadWriteOncePod: while Meilisearch runs, no other pod may mount it.',
    ],
  ])('%s will do where the install allows streaming, and what a snapshot needs for it is said', (_, changes, where) => {
    expect(volumeCondition({ ...changes, streaming: true })).toEqual({
      status: 'True',
      reason: 'StreamOnly',
      message: `${where} A MeiliSnapshot with spec.mover.stream.mode: IfNeeded is streamed from there.`,
      ready: 'True',
    })
  })

  test.each<[string, Partial<InstanceObservation>]>([
    [
      'a claim that is not bound',
      { ...claim({ spec: { accessModes: ['ReadWriteOncePod'] }, status: { phase: 'Pending' } }) },
    ],
    [
      'a claim that is mounted read-only',
      { ...claim({ spec: { accessModes: ['ReadWriteOncePod'] } }), located: aLocation({}, { readOnly: true }) },
    ],
    [
      'snapshots that go to S3',
      { located: aLocation({ kind: 'emptyDir', claimName: undefined }, { s3: true }), claim: undefined },
    ],
  ])('%s cannot be streamed either', (_, changes) => {
    expect(volumeCondition({ ...changes, streaming: true }).status).toBe('False')
  })

  test('what a mover can mount is mounted, streaming or not', () => {
    expect(volumeCondition({ streaming: true })).toEqual(volumeCondition({}))
  })
})

describe('claimNotBound', () => {
  test.each<[string, Partial<InstanceObservation>, string]>([
    ['not there', { claim: undefined }, 'Claim search-data of the snapshot directory is not there.'],
    ['pending', claim({ status: { phase: 'Pending' } }), 'Claim search-data of the snapshot directory is Pending.'],
    ['lost', claim({ status: { phase: 'Lost' } }), 'Claim search-data of the snapshot directory is Lost.'],
    [
      'without a phase',
      claim({ status: { phase: undefined } }),
      'Claim search-data of the snapshot directory is not bound.',
    ],
  ])('%s', (_, changes, message) => {
    expect(volumeCondition(changes)).toMatchObject({ status: 'False', reason: 'ClaimNotBound', message, ready: 'True' })
  })
})

describe('readWriteOncePod', () => {
  test('no second pod may mount it: what to use instead', () => {
    expect(volumeCondition(claim({ spec: { accessModes: ['ReadWriteOncePod'] } }))).toMatchObject({
      status: 'False',
      reason: 'ClaimReadWriteOncePod',
      message: expect.stringMatching(/search-data is ReadWriteOncePod.*ReadWriteOnce or ReadWriteMany/),
      ready: 'True',
    })
  })

  test.each(['ReadWriteOnce', 'ReadWriteMany'])('%s is fine', (mode) => {
    expect(volumeCondition(claim({ spec: { accessModes: [mode] } })).status).toBe('True')
  })
})

describe('unusableClaim', () => {
  test('a block device', () => {
    expect(volumeCondition(claim({ spec: { volumeMode: 'Block' } }))).toMatchObject({
      status: 'False',
      reason: 'ClaimUnusable',
      message: 'Claim search-data is a block device, not a file system.',
    })
  })

  test('mounted read-only', () => {
    expect(volumeCondition({ located: aLocation({}, { readOnly: true }) })).toMatchObject({
      status: 'False',
      reason: 'ClaimUnusable',
      message: expect.stringMatching(/search-data is mounted read-only/),
    })
  })
})
