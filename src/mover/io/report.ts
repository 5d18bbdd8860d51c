// Writes the result for the operator: the container's termination message (the kubelet keeps 4 KiB, we promise under 1 KiB, but for long paths).
// Must not throw: it also reports unforeseen errors.
import { exitCodes, type MoverResult } from '../contract.ts'
import { Failure } from '../failure.ts'

const usualBytes = 1023
const fewWordsBytes = 200

/** Turns whatever ended a run without success into its result. What was not foreseen counts as an I/O error, so it is tried again. */
export function resultOf(error: unknown): MoverResult {
  if (!(error instanceof Failure)) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return { exitCode: exitCodes.inputOutput, message: `Unexpected error in the mover, see its log: ${text}` }
  }
  const { modifiedAt, space } = error.facts
  return {
    exitCode: error.exitCode,
    message: error.message,
    ...(modifiedAt === undefined ? {} : { modifiedAt }),
    ...(space === undefined ? {} : { space }),
  }
}

/** One line of JSON of less than 1 KiB; the message is cut where it is too long. What else there is stays whole, with a few words at least. */
export function resultLine(result: MoverResult): string {
  const maxBytes = Math.max(usualBytes, Buffer.byteLength(JSON.stringify({ ...result, message: '' })) + fewWordsBytes)
  let text = JSON.stringify(result)
  let characters = Array.from(result.message)
  while (Buffer.byteLength(text) > maxBytes && characters.length > 0) {
    const excess = Buffer.byteLength(text) - maxBytes
    characters = characters.slice(0, Math.max(0, characters.length - Math.ceil(excess / 6) - 1))
    text = JSON.stringify({ ...result, message: `${characters.join('')}…` })
  }
  return text
}
