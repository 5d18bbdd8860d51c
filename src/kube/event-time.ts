// Finds the newest Event: three fields may say when it was seen, depending on who wrote it. Events only explain, so they may be out of reach.
import type { CoreV1Event } from '@kubernetes/client-node'
import { TerminalError } from '../errors.ts'

/** Times come as text in JSON. */
function seenAtMs({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return Date.parse(String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0))
}

export function newestOf<Event extends CoreV1Event>(events: readonly Event[]): Event | undefined {
  return events.toSorted((a, b) => seenAtMs(b) - seenAtMs(a))[0]
}

/** None where they may not be read: what they would explain is seen all the same. */
export async function findEvents<Event extends CoreV1Event>(
  read: Promise<readonly Event[]>,
): Promise<readonly Event[]> {
  try {
    return await read
  } catch (error) {
    if (error instanceof TerminalError) return []
    throw error
  }
}
