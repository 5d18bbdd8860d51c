// Writes Events for `kubectl describe`. Never throws, never holds up a reconcile; what the API server does not take is counted.
import { randomBytes } from 'node:crypto'
import type { ApiObject, Client, Resource } from './edges.ts'

const events: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event' }

export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

export interface EventRecorderParts {
  readonly kube: Pick<Client, 'create'>
  /** Shown in the column From. */
  readonly component: string
  readonly instance: string
  readonly dropped: (error: unknown) => void
}

const maxMessageBytes = 1024
/** More than this many on their way: the API server is away, and memory is worth more. */
const maxPending = 1000

export class EventRecorder {
  readonly #parts: EventRecorderParts
  readonly #pending = new Set<Promise<void>>()
  #serial = 0

  constructor(parts: EventRecorderParts) {
    this.#parts = parts
  }

  record(object: ApiObject, event: EventText): void {
    if (this.#pending.size >= maxPending) {
      this.#parts.dropped(new Error('too many Events wait for the API server'))
      return
    }
    const sent = this.#send(object, event).finally(() => this.#pending.delete(sent))
    this.#pending.add(sent)
  }

  /** Resolves when all that was recorded is sent or dropped. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending)
  }

  async #send({ apiVersion, kind, metadata }: ApiObject, { type, reason, message }: EventText): Promise<void> {
    const { component, instance } = this.#parts
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    const namespace = metadata.namespace ?? 'default'
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: eventName(metadata.name, this.#serial++) },
      involvedObject: {
        apiVersion,
        kind,
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      type,
      reason,
      message: cut(message),
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance.slice(0, 128),
    }
    try {
      await this.#parts.kube.create(events, event)
    } catch (error) {
      this.#parts.dropped(error)
    }
  }
}

/** Sorts as it was recorded: kubectl keeps the order of names among Events of one second. */
function eventName(name: string, serial: number): string {
  const suffix = `${Date.now().toString(16).padStart(12, '0')}${(serial % 0x1_0000).toString(16).padStart(4, '0')}${randomBytes(3).toString('hex')}`
  return `${name.slice(0, 252 - suffix.length).replace(/[-.]+$/, '')}.${suffix}`
}

function cut(message: string): string {
  const bytes = Buffer.from(message)
  return bytes.length <= maxMessageBytes
    ? message
    : `${bytes
        .subarray(0, maxMessageBytes - 4)
        .toString('utf8')
        .replace(/\uFFFD+$/, '')}…`
}
