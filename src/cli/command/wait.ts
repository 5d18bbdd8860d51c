// kubectl meili wait NAME: follows one object by a watch until it has ended, and says how.
import { Gone, NotFound, TransientError } from '../../errors.ts'
import { abortAfter, pause } from '../../runtime/timers.ts'
import { spanText } from '../../reconcile/format.ts'
import type { KubeObject } from '../../kube/resource.ts'
import type { Cluster } from '../cluster.ts'
import { UserError, errorText } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { followedSnapshot } from '../view/followed.ts'
import type { Followed } from '../view/followed.ts'
import { followedRestore } from '../view/restore/progress.ts'
import type { LiveLine, Terminal } from '../terminal/terminal.ts'

export interface WaitFlags {
  readonly name: string
  /** Without it: until it ends, which its own deadlines see to. */
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

/** Before the next look after a connection has broken. */
const againMs = 1000
const watchSeconds = 280

export async function runWait(cluster: Cluster, terminal: Terminal, flags: WaitFlags): Promise<ExitCode> {
  const [, restore] = /^(?:restore|mrestore)\/([^/]+)$/.exec(flags.name) ?? []
  if (restore !== undefined) {
    await cluster.restore(restore)
    return await followToEnd(cluster, terminal, { ...flags, name: restore, followed: followedRestore(cluster) })
  }
  await cluster.snapshot(flags.name)
  return await followToEnd(cluster, terminal, { ...flags, followed: followedSnapshot })
}

export type FollowFlags<T extends KubeObject> = WaitFlags & { readonly followed: Followed<T> }

/** With a format, stdout is left to the object as it is in the end. */
export async function followToEnd<T extends KubeObject>(
  cluster: Cluster,
  terminal: Terminal,
  flags: FollowFlags<T>,
): Promise<ExitCode> {
  const line = terminal.live(flags.format === undefined ? 'out' : 'error')
  const deadline = flags.timeoutMs === undefined ? new AbortController().signal : abortAfter(flags.timeoutMs)
  const onBroken = (error: unknown): void =>
    line.show(`${flags.name}  ${errorText(error, cluster.server) ?? ''} Trying again.`, 'broken')
  let last: T | undefined
  try {
    for await (const object of states(cluster, { ...flags, deadline, onBroken })) {
      last = object
      show(line, object, flags.followed)
    }
  } catch (error) {
    line.end()
    throw error
  }
  return reportEnd(terminal, line, { flags, last })
}

/** The end has a line of its own. */
function show<T extends KubeObject>(line: LiveLine, object: T, followed: Followed<T>): void {
  if (!followed.hasEnded(object))
    line.show(`${object.metadata.name}  ${followed.text(object, Date.now())}`, followed.step(object))
}

function reportEnd<T extends KubeObject>(
  terminal: Terminal,
  line: LiveLine,
  { flags, last }: { flags: FollowFlags<T>; last: T | undefined },
): ExitCode {
  const { followed, format, name } = flags
  if (last === undefined || !followed.hasEnded(last)) {
    line.end()
    const state = last === undefined ? 'nothing was seen of it' : followed.text(last, Date.now())
    terminal.errorLine(
      `${name} has not ended in ${spanText(flags.timeoutMs ?? 0)}: ${state}. It goes on; to wait again: ${followed.again(name)}`,
    )
    return exitCodes.timedOut
  }
  const isDone = followed.isDone(last)
  const text = followed.endText(last)
  if (text === undefined) line.end()
  else if (isDone) line.end('green', '✓', text)
  else line.end('red', '✗', text)
  if (format !== undefined) terminal.document(formatObject(last, format))
  else for (const each of followed.after?.(last, Date.now()) ?? []) terminal.line(each)
  return isDone ? exitCodes.done : exitCodes.failed
}

interface Watching<T extends KubeObject> {
  readonly name: string
  readonly followed: Followed<T>
  readonly deadline: AbortSignal
  readonly onBroken: (error: unknown) => void
}

/** Each state that is seen, the last one where it has ended; ends early where the deadline does. Broken connections are mended. */
async function* states<T extends KubeObject>(
  cluster: Cluster,
  { name, followed, deadline, onBroken }: Watching<T>,
): AsyncGenerator<T> {
  let last: T | undefined
  while (!deadline.aborted && (last === undefined || !followed.hasEnded(last))) {
    try {
      for await (last of statesOfOneWatch(cluster, { name, followed, deadline })) yield last
    } catch (error) {
      if (!isTransient(error)) throw deletedError(error, `${followed.resource.kind} ${name}`)
      onBroken(error)
      await pause(againMs, { signal: deadline })
    }
  }
}

/** A refusal of who we are (401) does not pass while nobody logs in. */
function isTransient(error: unknown): boolean {
  return error instanceof Gone || (error instanceof TransientError && error.status !== 401)
}

function deletedError(error: unknown, what: string): unknown {
  return error instanceof NotFound ? new UserError(`${what} was deleted before it ended.`, exitCodes.failed) : error
}

/** Ends with the object, or when the server ends the watch. */
async function* statesOfOneWatch<T extends KubeObject>(
  { kube, namespace }: Cluster,
  { name, followed: { resource, hasEnded }, deadline }: Omit<Watching<T>, 'onBroken'>,
): AsyncGenerator<T> {
  const first = await kube.get<T>(resource, { namespace, name })
  yield first
  if (hasEnded(first)) return
  const options = {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: first.metadata.resourceVersion ?? '',
    timeoutSeconds: watchSeconds,
    signal: deadline,
  }
  for await (const { type, object } of kube.watch<T>(resource, options)) {
    if (type === 'DELETED') throw new NotFound(`${resource.kind} ${name} was deleted`)
    if (type !== 'BOOKMARK') yield object
    if (hasEnded(object)) return
  }
}
