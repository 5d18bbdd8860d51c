// Any mover: Jobs of this attempt or an earlier one, their pod, and what it said.
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import type { MeiliSnapshot } from '../../../../src/api/snapshot.ts'
import { exitCodes } from '../../../../src/mover/contract.ts'
import type { MoverResult } from '../../../../src/mover/contract.ts'
import { configVariable } from '../../../../src/reconcile/job/template.ts'
import type { MoverSeen } from '../../../../src/reconcile/job/seen.ts'
import { aJob, aPod, aSnapshot, endedPod, runningPod, stored } from '../observations.ts'
import { going, maybe, seldom, words } from './parts.ts'

const said: Arbitrary<MoverResult | string> = fc.oneof(
  fc.constant(stored),
  fc.constant({ ...stored, stored: { ...stored.stored!, taskUid: 14 } }),
  fc.record({ exitCode: fc.constantFrom<number>(...Object.values(exitCodes), 1, 137), message: words }),
  words,
)
const pod: Arbitrary<V1Pod> = fc.oneof(
  fc.constant(runningPod()),
  fc
    .record({ exitCode: fc.constantFrom<number>(...Object.values(exitCodes), 137), said, disrupted: fc.boolean() })
    .map((parts) =>
      endedPod(parts.exitCode, parts.said, {
        conditions: parts.disrupted ? [{ type: 'DisruptionTarget', status: 'True' }] : [],
      }),
    ),
  fc
    .record({
      scheduled: fc.constantFrom('True', 'False'),
      reason: maybe(fc.constantFrom('ContainerCreating', 'ErrImagePull')),
      message: words,
    })
    .map(({ scheduled, reason, message }) =>
      aPod({
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: scheduled, message }],
          containerStatuses: [{ name: 'mover', state: reason === undefined ? {} : { waiting: { reason, message } } }],
        },
      }),
    ),
)

/** The Job of the attempt on record, of one before it, or of an older operator. */
const jobsOf = (of: MeiliSnapshot): Arbitrary<V1Job[]> => {
  const name = of.status?.move?.jobName ?? 'earlier'
  const one = fc
    .record({
      name: fc.constantFrom(name, 'earlier'),
      going,
      config: seldom<string | undefined>(undefined, fc.constantFrom('oops', '{}')),
      over: seldom<string | undefined>(undefined, fc.constantFrom('Failed', 'Complete')),
      message: words,
    })
    .map((parts) => {
      const conditions =
        parts.over === undefined
          ? []
          : [{ type: parts.over, status: 'True', reason: parts.over, message: parts.message }]
      const job = aJob(aSnapshot(), {
        metadata: { name: parts.name, uid: `${parts.name}-uid`, ...parts.going },
        status: { conditions },
      })
      if (parts.config !== undefined)
        job.spec!.template.spec!.containers[0]!.env = [{ name: configVariable, value: parts.config }]
      return job
    })
  return fc.uniqueArray(one, { maxLength: 2, selector: ({ metadata }) => metadata?.name })
}

export const mover = (of: MeiliSnapshot): Arbitrary<MoverSeen> =>
  fc
    .record({
      jobs: jobsOf(of),
      pod: maybe(pod),
      progress: maybe(
        fc.record({
          step: fc.constantFrom('copying', 'verifying', 'committing'),
          bytesDone: fc.nat(),
          bytesTotal: fc.nat(),
        }),
      ),
      warning: maybe(words.map((message) => ({ reason: 'Failed', message }))),
      claimTrouble: maybe(words),
    })
    .map((parts) => ({ ...parts, job: parts.jobs.find(({ metadata }) => metadata?.name === of.status?.move?.jobName) }))
