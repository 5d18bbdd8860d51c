// The frames between the operator and a waiting `receive`: lines of JSON, and behind the head of a segment its bytes.
// Pure: both programs import it.
import { z } from 'zod'
import { exitCodes, fileIdentity } from '../contract.ts'

/** Bytes are sent in segments of whole mebibytes; only the last one may be shorter. */
export const segmentUnitBytes = 1024 * 1024
export const maxSegmentBytes = 64 * segmentUnitBytes

/** How far a sender may be ahead of what was written: what waits longer on the way through the API server is cut off (seen). */
export const windowBytes = 4 * segmentUnitBytes

/** The mover's word: at the begin, after each frame that it has taken, and with each mebibyte of a segment. */
export const receiverState = z.object({
  /** How many bytes have come, each segment checked. */
  at: z.int().min(0),
  /** How many bytes of the segment that is on its way have been written since: a sender is never far ahead of them. */
  came: z.int().min(0),
  /** The file that they are of, once one is known. */
  file: fileIdentity.optional(),
  /** Nothing more is awaited. */
  done: z.boolean(),
})
export type ReceiverState = z.infer<typeof receiverState>

/** Ends that only the operator can know of, as exit codes of the mover. */
const refusals = z.union([
  z.literal(exitCodes.sourceMissing),
  z.literal(exitCodes.superseded),
  z.literal(exitCodes.permissionDenied),
  z.literal(exitCodes.toolsMissing),
])
export type RefusalCode = z.infer<typeof refusals>

export const frame = z.discriminatedUnion('is', [
  /** Which file comes; first in each conversation. */
  z.object({ is: z.literal('file'), file: fileIdentity }),
  /** Then as many bytes, then their `seal`. Taken only where `at` is the mover's own. */
  z.object({ is: z.literal('segment'), at: z.int().min(0), bytes: z.int().min(1).max(maxSegmentBytes) }),
  z.object({ is: z.literal('seal'), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** All of it was sent. `replaced`: the name leads to another file by now. */
  z.object({ is: z.literal('end'), replaced: z.boolean() }),
  /** It cannot be sent: the mover ends so. */
  z.object({
    is: z.literal('refusal'),
    exitCode: refusals,
    message: z.string().max(900),
    modifiedAt: z.string().optional(),
  }),
])
export type Frame = z.infer<typeof frame>

/** A line of the conversation. */
export function frameLine(content: Frame | ReceiverState): string {
  return `${JSON.stringify(content)}\n`
}
