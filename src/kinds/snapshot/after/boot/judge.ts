// Says what an unsuccessful boot means: that what is stored does not serve, or that another try may end better. Pure.
import { sizeText } from '../../../../reconcile/format.ts'
import { isEngineOutOfMemory } from '../../../../reconcile/job/boot/end.ts'
import { volumeBytesFor } from '../../../../reconcile/job/boot/job.ts'
import { exitCodes } from '../../../../mover/contract.ts'
import type { Inspected, MoverResult } from '../../../../mover/contract.ts'
import type { SnapshotObservation } from '../../observation.ts'
import type { Verification } from '../../status/booting.ts'

export interface BootFailure {
  /** Nothing; another try, counted; or one on a larger volume. */
  readonly cure: 'None' | 'Again' | 'LargerVolume'
  readonly message: string
  readonly neededBytes?: number
}

/** What may pass: a node, a volume, a run that was cut off. What the data itself is does not. */
const mayPass: ReadonlySet<number> = new Set([exitCodes.inputOutput, exitCodes.stalled, exitCodes.terminated])

export function judgeBoot(result: MoverResult, { snapshot, mover }: SnapshotObservation): BootFailure {
  const { exitCode, message } = result
  if (exitCode === exitCodes.noSpace) return judgeSpace(result, snapshot)
  if (isEngineOutOfMemory(mover.pod)) return { cure: 'None', message }
  const isKnown = Object.values<number>(exitCodes).includes(exitCode)
  return { cure: !isKnown || mayPass.has(exitCode) ? 'Again' : 'None', message }
}

function judgeSpace({ message, space }: MoverResult, { spec, status }: SnapshotObservation['snapshot']): BootFailure {
  const { size } = spec.verification.boot ?? {}
  const before = status?.verification?.volumeBytes ?? 0
  const needed = space === undefined ? 0 : volumeBytesFor(space.neededBytes)
  if (size !== undefined)
    return {
      cure: 'None',
      message: `${message} Its volume has boot.size (${size}): leave that away, or write ${sizeText(Math.max(needed, before))} at least.`,
    }
  return needed > before ? { cure: 'LargerVolume', message, neededBytes: needed } : { cure: 'Again', message }
}

/** What the engine said, as far as it goes into status. */
export function servedOf({ version, indexes, documents, compared, differences }: Inspected): Partial<Verification> {
  return { version, indexes, documents, compared, differences }
}
