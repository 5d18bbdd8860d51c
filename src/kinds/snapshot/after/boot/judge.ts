// Says what an unsuccessful boot means: that what is stored does not serve, that nothing is known of it, or that another try may end better. Pure.
import { sizeText } from '../../../../reconcile/format.ts'
import { volumeBytesFor } from '../../../../reconcile/job/boot/job.ts'
import { killedIn, speaksOfData } from '../../../../reconcile/job/boot/killed.ts'
import type { Killed } from '../../../../reconcile/job/boot/killed.ts'
import { exitCodes } from '../../../../mover/contract.ts'
import type { Inspected, MoverResult } from '../../../../mover/contract.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Verification } from '../../status/booting.ts'

export interface BootFailure {
  /** What it is, where it is not tried again. */
  readonly is: 'Failed' | 'Inconclusive'
  /** Nothing; another try, counted; or one on a larger volume. */
  readonly cure: 'None' | 'Again' | 'LargerVolume'
  readonly message: string
  readonly neededBytes?: number
}

/** What may pass: a node, a volume, a run that was cut off. What the data itself is does not. */
const mayPass: ReadonlySet<number> = new Set([exitCodes.inputOutput, exitCodes.stalled, exitCodes.terminated])

/** What gives it more. */
const remedies: Readonly<Record<Killed['by'], string>> = {
  Memory: ' More is spec.verification.boot.resources.limits.memory.',
  Disk: ' More is spec.verification.boot.size.',
  Node: '',
}

export function judgeBoot(result: MoverResult, { snapshot, mover }: SnapshotObservation): BootFailure {
  const { exitCode, message, inspected } = result
  if (exitCode === exitCodes.noSpace) return judgeSpace(result, snapshot)
  // What it answered is its answer, whatever became of it then.
  const killed = inspected === undefined ? killedIn(mover.pod) : undefined
  const is = speaksOfData(exitCode, killed) ? 'Failed' : 'Inconclusive'
  if (killed !== undefined)
    return { is, cure: killed.by === 'Node' ? 'Again' : 'None', message: `${message}${remedies[killed.by]}` }
  const isKnown = Object.values<number>(exitCodes).includes(exitCode)
  return { is, cure: !isKnown || mayPass.has(exitCode) ? 'Again' : 'None', message }
}

function judgeSpace({ message, space }: MoverResult, { spec, status }: SnapshotObservation['snapshot']): BootFailure {
  const { size } = spec.verification.boot ?? {}
  const before = status?.verification?.volumeBytes ?? 0
  const needed = space === undefined ? 0 : volumeBytesFor(space.neededBytes)
  const is = 'Inconclusive'
  if (size !== undefined)
    return {
      is,
      cure: 'None',
      message: `${message} Its volume has spec.verification.boot.size (${size}): leave that away, or write ${sizeText(Math.max(needed, before))} at least.`,
    }
  return needed > before ? { is, cure: 'LargerVolume', message, neededBytes: needed } : { is, cure: 'Again', message }
}

/** What the engine said, as far as it goes into status. */
export function servedOf({ version, indexes, documents, compared, differences }: Inspected): Partial<Verification> {
  return { version, indexes, documents, compared, differences }
}
