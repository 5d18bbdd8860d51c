// Writes Events for `kubectl describe`, one after the other. Never throws, never holds up a reconcile; what the API server does not take is counted.
import { randomBytes } from 'node:crypto'
import { NotFound, TerminalError } from '../../errors.ts'
import type { ApiObject, Client, Resource } from '../edges.ts'
import { Correlator } from './correlator.ts'
import type { Counted, EventText } from './correlator.ts'

const events: Resource = { group: '', version: 'v1', plural: 'events', kind: 'Event' }

export interface EventRecorderParts {
  readonly kube: Pick<Client, 'create' | 'patch'>
  /** Shown in the column From. */
  readonly component: string
  readonly instance: string
  readonly dropped: (error: unknown) => void
  /** Monotonic; tests give their own. */
  readonly nowMs?: () => number
}

interface Waiting {
  readonly object: ApiObject
  readonly text: EventText
  readonly event: Counted
  readonly count: number
  readonly at: Date
}

const maxMessageBytes = 1024
/** More than this many wait: the API server is away, and memory is worth more. */
const maxWaiting = 1000

export class EventRecorder {
  readonly #parts: EventRecorderParts
  readonly #correlator: Correlator
  readonly #waiting: Waiting[] = []
  #sending: Promise<void> | undefined
  #serial = 0

  constructor(parts: EventRecorderParts) {
    this.#parts = parts
    this.#correlator = new Correlator(parts.nowMs ?? ((): number => performance.now()))
  }

  record(object: ApiObject, text: EventText): void {
    const correlated = this.#correlator.correlate(object, text)
    if (correlated === undefined) return
    if (this.#waiting.length >= maxWaiting) {
      this.#parts.dropped(new Error('too many Events wait for the API server'))
      return
    }
    const { event, message } = correlated
    const told = { ...text, message: cut(message) }
    this.#waiting.push({ object, text: told, event, count: event.count, at: new Date() })
    this.#sending ??= this.#sendAll()
  }

  /** Resolves when all that was recorded is sent or dropped. */
  async drain(): Promise<void> {
    await this.#sending
  }

  /** In order: an Event has to be there before it is counted on. */
  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await this.#send(next).catch(this.#parts.dropped)
    this.#sending = undefined
  }

  async #send(waiting: Waiting): Promise<void> {
    const { object, event } = waiting
    if (event.name !== undefined && (await this.#countOn(event.name, waiting))) return
    const name = eventName(object.metadata.name, this.#serial++)
    await this.#parts.kube.create(events, this.#eventOf(waiting, name))
    event.name = name
  }

  /** False where there is none, or where it may not be changed: then another one is made. */
  async #countOn(name: string, { object, text, count, at }: Waiting): Promise<boolean> {
    const body = { count, lastTimestamp: timeOf(at), message: text.message }
    try {
      await this.#parts.kube.patch(events, { namespace: namespaceOf(object), name }, { type: 'merge', body })
      return true
    } catch (error) {
      if (error instanceof NotFound || error instanceof TerminalError) return false
      throw error
    }
  }

  #eventOf({ object, text, event, count, at }: Waiting, name: string): ApiObject {
    const { apiVersion, kind, metadata } = object
    const { component, instance } = this.#parts
    const written = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: namespaceOf(object), name },
      involvedObject: {
        apiVersion,
        kind,
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
      ...text,
      count,
      firstTimestamp: timeOf(event.first),
      lastTimestamp: timeOf(at),
      source: { component },
      reportingComponent: component,
      reportingInstance: instance.slice(0, 128),
    }
    return written
  }
}

const namespaceOf = ({ metadata }: ApiObject): string => metadata.namespace ?? 'default'

/** In whole seconds, as the API server wants it. */
const timeOf = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z')

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
