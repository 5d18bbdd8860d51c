// Finds when an Event was last seen: three fields may say so, depending on who wrote it. Pure.
import type { CoreV1Event } from '@kubernetes/client-node'

/** Times come as text in JSON. */
function seenAtMs({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return Date.parse(String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0))
}

export function newestOf<Event extends CoreV1Event>(events: readonly Event[]): Event | undefined {
  return events.toSorted((a, b) => seenAtMs(b) - seenAtMs(a))[0]
}
