// From the first claim to data that lies on it: the claim, the mover, what follows on each of its ends, and the check of what it made.
import { describe, expect, test } from 'vitest'
import type { V1PodSpec } from '@kubernetes/client-node'
import {
  dataGenerationAnnotation,
  meiliRestores,
  restoreReasons,
  restoreUidLabel,
} from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { exitCodes } from '../../../../../src/mover/contract.ts'
import type { FillConfig, MoverResult } from '../../../../../src/mover/contract.ts'
import { instanceLabel } from '../../../../../src/reconcile/names/objects.ts'
import {
  aDataClaim,
  aServer,
  anExchange,
  at,
  decided,
  filled,
  newClaim,
  oldClaim,
  restoreUid,
} from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { endedMover, runningMover } from '../../../../support/builders/restores.ts'

const reasons = restoreReasons
const jobName = 'back-5d2f0c1e-fill-1'
const fill = { attempt: 1, jobName, claimName: newClaim, startedAt: at(-60) }
const filling: MeiliRestoreStatus = {
  ...filled,
  phase: 'Filling',
  plan: { ...filled.plan!, neededBytes: 30 * 2 ** 30 },
  fill,
}
const large = aDataClaim(newClaim, undefined, {})
const withParts = (parts: object): typeof large =>
  Object.assign({}, large, { spec: { resources: { requests: { storage: '30Gi' } } } }, parts)
const withMetadata = (parts: object): typeof large => withParts({ metadata: Object.assign({}, large.metadata, parts) })
const claims = [aDataClaim(oldClaim), withParts({})]

const says = (seen: ExchangeSeen = {}): Said => {
  const said = decided({ status: filling, claims, ...seen })
  expect(meiliRestores.status.parse(said.status)).toEqual(JSON.parse(JSON.stringify(said.status)))
  return said
}
const ends = (result: Partial<MoverResult>, seen: ExchangeSeen = {}): Said =>
  says({ ...seen, rest: { mover: endedMover(jobName, result), ...seen.rest } })

interface Made {
  readonly pod: V1PodSpec
  readonly config: FillConfig
}
function jobOf({ decision }: Said): Made {
  const [effect] = decision.effects
  if (effect?.kind !== 'CreateJob') throw new Error('no Job is made')
  const pod = effect.job.spec!.template.spec!
  return { pod, config: JSON.parse(pod.containers[0]?.env?.[0]?.value ?? '') as FillConfig }
}

describe('the claim', () => {
  test('is made beside that of the server, without a number, and large enough', () => {
    const said = says({ claims: [aDataClaim(oldClaim)] })
    expect(said).toMatchObject({ phase: 'Filling', reason: reasons.ClaimCreating, does: ['CreateClaim'] })
    const [effect] = said.decision.effects
    const claim = effect?.kind === 'CreateClaim' ? effect.claim : undefined
    expect(claim?.metadata?.annotations?.[dataGenerationAnnotation]).toBeUndefined()
    expect(claim).toMatchObject({
      metadata: { name: newClaim, labels: { [restoreUidLabel]: restoreUid, [instanceLabel]: 'movies' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '30720Mi' } } },
    })
  })

  test('of somebody else under that name is left alone', () => {
    const others = withMetadata({ labels: {} })
    expect(says({ claims: [aDataClaim(oldClaim), others] })).toMatchObject({
      phase: 'Failed',
      reason: reasons.ClaimNotReady,
      does: [],
    })
  })

  test.each([
    ['is lost', withParts({ status: { phase: 'Lost' } })],
    ['is being deleted', withMetadata({ deletionTimestamp: at(-1) })],
  ])('that %s is waited for', (_, claim) => {
    expect(says({ claims: [aDataClaim(oldClaim), claim] })).toMatchObject({
      phase: 'Filling',
      reason: reasons.ClaimNotReady,
      does: [],
    })
  })

  test('is not made where the instance is gone', () => {
    expect(says({ claims: [], instance: undefined })).toMatchObject({ reason: reasons.ClaimNotReady, does: [] })
  })

  test('that was too small is made anew, larger, as nobody has anything of it yet', () => {
    const space = { neededBytes: 40 * 2 ** 30, freeBytes: 1 }
    const said = ends({ exitCode: exitCodes.noSpace, space })
    expect(said).toMatchObject({
      reason: reasons.InsufficientSpace,
      does: ['DeleteJob'],
      status: { fill: { attempt: 2, failures: 0 } },
    })
    expect(said.status.plan?.neededBytes).toBe(44 * 2 ** 30)
    expect(says({ status: said.status })).toMatchObject({ reason: reasons.ClaimCreating, does: ['DeleteClaim'] })
  })

  test('that asks for more than half as much again as is needed grows no more', () => {
    const said = ends({ exitCode: exitCodes.noSpace, space: { neededBytes: 20 * 2 ** 30, freeBytes: 1 } })
    expect(said.status.plan?.neededBytes).toBe(30 * 2 ** 30)
    expect(says({ status: said.status }).does).toEqual([])
  })
})

describe('the mover', () => {
  test('reads the source, writes to the claim, and runs as the server does, near it', () => {
    const instance = aServer(
      {
        podSecurityContext: { runAsUser: 2000 },
        nodeSelector: { disk: 'fast' },
        tolerations: [{ key: 'db', operator: 'Exists' }],
      },
      { pod: { name: 'movies-0', uid: 'pod-uid', node: 'node-a' } },
    )
    const { pod, config } = jobOf(says({ instance }))
    expect(pod.securityContext).toMatchObject({ runAsUser: 2000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true })
    expect(pod.nodeSelector).toEqual({ disk: 'fast' })
    expect(pod.tolerations).toContainEqual({ key: 'db', operator: 'Exists' })
    expect(JSON.stringify(pod.affinity)).toContain('preferredDuring')
    expect(pod.volumes).toEqual([
      { name: 'source', persistentVolumeClaim: { claimName: 'backups', readOnly: true } },
      { name: 'destination', persistentVolumeClaim: { claimName: newClaim } },
    ])
    expect(config).toMatchObject({
      command: 'fill',
      source: { claim: 'backups', path: 'daily/nightly', fileName: 'data.ms.snapshot', sha256: 'a'.repeat(64) },
      destination: { claim: newClaim, directory: 'data.ms' },
      describes: { restore: 'back', restoreUid, meilisearchVersion: '1.21.0' },
      attempt: '1',
    })
  })

  const snapshots = aDataClaim('movies-snapshots', undefined, { labels: {} })

  test('of a server that runs with other volumes works on its node alone', () => {
    const instance = aServer(
      { snapshots: { size: '1Gi' } },
      { pod: { name: 'movies-0', uid: 'pod-uid', node: 'node-a' } },
    )
    const { pod } = jobOf(says({ instance, claims: [...claims, snapshots] }))
    expect(JSON.stringify(pod.affinity)).toContain('requiredDuring')
    expect(pod.volumes).toHaveLength(2)
  })

  test('of one that does not run takes all that it will mount, so that a new volume lies where they are', () => {
    const instance = aServer({ snapshots: { size: '1Gi' } }, { pod: undefined })
    const { pod } = jobOf(says({ instance, claims: [...claims, snapshots] }))
    expect(pod.volumes).toContainEqual({ name: 'besides-0', persistentVolumeClaim: { claimName: 'movies-snapshots' } })
  })

  test('mounts a claim once that is source and target', () => {
    const spec = { target: { claim: { name: 'backups', directory: 'meili/data.ms' } }, confirm: 'backups' }
    const claim = { metadata: { name: 'backups' }, spec: { accessModes: ['ReadWriteOnce'] } }
    const target = { ...anExchange().target, instance: undefined, data: [], claims: [], claim, filled: claim }
    const status = { ...filling, fill: { ...fill, claimName: 'backups' } }
    const { pod, config } = jobOf(says({ spec, status, rest: { target } }))
    expect(pod.volumes).toEqual([{ name: 'destination', persistentVolumeClaim: { claimName: 'backups' } }])
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'destination', mountPath: '/source', readOnly: true },
      { name: 'destination', mountPath: '/destination' },
    ])
    expect(config.destination.directory).toBe('meili/data.ms')
  })

  test('is followed, and keeps its last word where a log cannot be read', () => {
    const progress = { step: 'unpacking', bytesDone: 5, bytesTotal: 10 } as const
    const said = says({ rest: { mover: runningMover(jobName, { progress }) } })
    expect(said).toMatchObject({ reason: reasons.Filling, status: { progress: { percent: 50, updatedAt: at(0) } } })
    const silent = says({ status: said.status, rest: { mover: runningMover(jobName) } })
    expect(silent.status.progress).toEqual(said.status.progress)
  })

  test('that cannot start says why', () => {
    const pod = {
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: 'none' }] },
    }
    expect(says({ rest: { mover: runningMover(jobName, { pod }) } }).reason).toBe(reasons.MoverWaiting)
  })

  test.each([
    ['the directory is there already', exitCodes.destinationConflict, reasons.TargetNotEmpty],
    ['the archive is damaged', exitCodes.archiveBad, reasons.ArchiveCorrupt],
    ['it is another file', exitCodes.mismatch, reasons.ChecksumMismatch],
  ])('where %s, it fails at once, and the server serves what it had', (_, exitCode, reason) => {
    const said = ends({ exitCode, message: 'So it is.' })
    expect(said).toMatchObject({ phase: 'Failed', reason, does: ['DeleteJob'] })
    expect(said.message).toContain('The server serves what it had.')
  })

  test.each([
    ['a fault that may pass', exitCodes.inputOutput, { failures: 1, seconds: 5 }],
    ['a drain', exitCodes.terminated, { failures: 0, seconds: 2 }],
    ['a source that is gone', exitCodes.sourceMissing, { failures: 1, seconds: 5 }],
  ])('after %s it is tried again', (_, exitCode, { failures, seconds }) => {
    const said = ends({ exitCode, message: 'x' })
    expect(said.status.fill).toMatchObject({ attempt: 2, failures, retryAt: at(seconds), startedAt: at(-60) })
    const rests = says({ status: said.status })
    expect(rests).toMatchObject({ does: [] })
    expect(rests.decision.requeueAfterMs).toBe(1000 * seconds)
  })

  test('the third failure that counts is the last', () => {
    const status = { ...filling, fill: { ...fill, failures: 2 } }
    expect(ends({ exitCode: exitCodes.inputOutput, message: 'EIO.' }, { status })).toMatchObject({
      phase: 'Failed',
      reason: reasons.MoverFailed,
    })
  })

  test('past deadlines.fill it is ended, seen gone, and then that is said', () => {
    const status = { ...filling, fill: { ...fill, startedAt: at(-21_601) } }
    const mover = runningMover(jobName)
    expect(says({ status, rest: { mover } })).toMatchObject({
      phase: 'Filling',
      reason: reasons.FillDeadlineExceeded,
      does: ['DeleteJob'],
    })
    expect(says({ status })).toMatchObject({ phase: 'Failed', reason: reasons.FillDeadlineExceeded })
  })

  test('what it has made counts, though the deadline be over', () => {
    const status = { ...filling, fill: { ...fill, startedAt: at(-21_601) } }
    expect(ends(good, { status }).phase).toBe('Verifying')
  })
})

const good: Partial<MoverResult> = {
  filled: { version: '1.21.0', uncompressedBytes: 900, sizeBytes: 1000, sha256: 'a'.repeat(64), alreadyThere: false },
  seconds: { fetch: 1.5, extract: 2 },
}

describe('what was unpacked', () => {
  test('is on record before anything is done with it', () => {
    expect(ends(good)).toMatchObject({
      phase: 'Verifying',
      reason: reasons.Verifying,
      does: ['DeleteJob'],
      status: {
        fill: { completedAt: at(0), version: '1.21.0', uncompressedBytes: 900, fetchMs: 1500, extractMs: 2000 },
      },
    })
  })

  test('as planned, the server is stopped for it', () => {
    expect(says({ status: ends(good).status })).toMatchObject({
      phase: 'Stopping',
      status: { switched: { from: { claimName: oldClaim }, to: { claimName: newClaim, generation: 2 } } },
    })
  })

  test.each([
    ['of another version', { meilisearchVersion: '1.20.0' }],
    ['of another size', { uncompressedBytes: 901 }],
  ])('%s is not used', (_, other) => {
    const { status } = ends(good)
    expect(says({ status: { ...status, resolved: { ...status.resolved!, ...other } } })).toMatchObject({
      phase: 'Failed',
      reason: reasons.ContentMismatch,
    })
  })

  test('on a claim of somebody else it is left where it is', () => {
    const spec = { target: { claim: { name: 'meili-0' } }, confirm: 'meili-0' }
    const said = says({ spec, status: ends(good).status })
    expect(said).toMatchObject({
      phase: 'Completed',
      reason: reasons.Completed,
      status: { restored: { version: '1.21.0' } },
    })
    expect(said.message).toContain('directory data.ms')
  })
})

test('a pod that mounts the claim before the mover does is waited for', () => {
  const spec = { target: { claim: { name: newClaim } }, confirm: newClaim }
  const target = { ...anExchange().target, pods: [{ metadata: { name: 'meili-0' } }] }
  expect(says({ spec, rest: { target } })).toMatchObject({ phase: 'Filling', reason: reasons.TargetInUse, does: [] })
})

test('a record that somebody took away is made anew', () => {
  expect(says({ status: { phase: 'Filling' } })).toMatchObject({ phase: 'Pending', does: [] })
})
