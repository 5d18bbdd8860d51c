// One watch of the modelled API server: the events after a version, some milliseconds late, bookmarks, and an end after its time.
import type { VirtualTime } from '../../runtime/virtual-time.ts'
import { selects } from './object-store.ts'
import type { Change, ObjectStore, Stored } from './object-store.ts'

export interface Watched {
  readonly store: ObjectStore
  readonly time: VirtualTime
  readonly plural: string
  readonly namespace: string | undefined
  readonly labelSelector: string
  readonly fieldName: string | undefined
  readonly version: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** False once the process that watches was killed. */
  readonly isHeard: () => boolean
}

/** How far a watch is behind. */
const lagMs = { least: 2, most: 30 }
const bookmarkMs = 60_000

export async function* watchLines(watched: Watched): AsyncGenerator<string> {
  const { store, time, plural, signal, isHeard } = watched
  const mail: string[] = []
  let arrival = Promise.withResolvers<void>()
  const over = new AbortController()
  let isUnderWay = false
  const deliver = (): void => {
    isUnderWay = false
    arrival.resolve()
  }
  const lineOf = linesFor(watched)
  const end = store.follow(plural, watched.version, (change) => {
    const line = isHeard() ? lineOf(change) : undefined
    if (line === undefined) return
    mail.push(line)
    if (isUnderWay) return
    isUnderWay = true
    time.setTimeout(deliver, lagMs.least + Math.floor(time.random() * (lagMs.most - lagMs.least + 1)))
  })
  if (end === undefined) {
    yield `${JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old resource version' } })}\n`
    return
  }
  const stop = (): void => {
    over.abort()
    arrival.resolve()
  }
  const bookmark = everyMinute(time, () => {
    mail.push(JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(store.version) } } }))
    arrival.resolve()
  })
  const timer = time.setTimeout(stop, watched.timeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    while (!over.signal.aborted) {
      await arrival.promise
      arrival = Promise.withResolvers()
      if (mail.length > 0 && isHeard() && !isUnderWay) yield `${mail.splice(0).join('\n')}\n`
    }
    signal?.throwIfAborted()
  } finally {
    end()
    bookmark.cancel()
    timer.cancel()
    signal?.removeEventListener('abort', stop)
  }
}

function everyMinute(time: VirtualTime, run: () => void): { cancel(): void } {
  let timer = time.setTimeout(again, bookmarkMs)
  function again(): void {
    run()
    timer = time.setTimeout(again, bookmarkMs)
  }
  return { cancel: () => timer.cancel() }
}

/** What leaves a selection was deleted for whoever watches it, and what comes into it was added. */
function linesFor({ store, namespace, labelSelector, fieldName }: Watched): (change: Change) => string | undefined {
  const isSelected = selects(labelSelector)
  const isIn = (object: Stored | undefined): boolean =>
    isSelected(object) &&
    (namespace === undefined || object?.metadata.namespace === namespace) &&
    (fieldName === undefined || object?.metadata.name === fieldName)
  return ({ type, object, previous }) => {
    const [was, is] = [isIn(previous), type !== 'DELETED' && isIn(object)]
    if (!was && !is) return undefined
    return `{"type":"${is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'}","object":${store.text(object)}}`
  }
}
