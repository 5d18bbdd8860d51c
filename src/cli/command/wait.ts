// kubectl meili wait NAME: follows one snapshot by a watch until it ends, and says how.
import { hasSucceeded, isFinished, meiliSnapshots } from '../../api/snapshot.ts'
import { Gone, NotFound, TransientError } from '../../errors.ts'
import { abortAfter, pause } from '../../runtime/timers.ts'
import { spanText } from '../../reconcile/format.ts'
import type { Cluster, Snapshot } from '../cluster.ts'
import { UserError, errorText } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { endText, progressOf, progressText } from '../view/progress.ts'
import { operand } from '../terminal/shell.ts'
import type { LiveLine, Terminal } from '../terminal/terminal.ts'

export interface WaitFlags {
  readonly name: string
  /** Without it: until the snapshot ends, which its own deadlines see to. */
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

/** Before the next look after a connection has broken. */
const againMs = 1000
const watchSeconds = 280

export async function runWait(cluster: Cluster, terminal: Terminal, flags: WaitFlags): Promise<ExitCode> {
  await cluster.snapshot(flags.name)
  return await followToEnd(cluster, terminal, flags)
}

/** With a format, stdout is left to the object as it is in the end. */
export async function followToEnd(cluster: Cluster, terminal: Terminal, flags: WaitFlags): Promise<ExitCode> {
  const line = terminal.live(flags.format === undefined ? 'out' : 'error')
  const deadline = flags.timeoutMs === undefined ? new AbortController().signal : abortAfter(flags.timeoutMs)
  const onBroken = (error: unknown): void =>
    line.show(`${flags.name}  ${errorText(error, cluster.server) ?? ''} Trying again.`, 'broken')
  let last: Snapshot | undefined
  try {
    for await (const snapshot of states(cluster, { name: flags.name, deadline, onBroken })) {
      last = snapshot
      show(line, snapshot)
    }
  } catch (error) {
    line.end()
    throw error
  }
  return reportEnd(terminal, line, { flags, last })
}

/** The end has a line of its own. */
function show(line: LiveLine, snapshot: Snapshot): void {
  if (!isFinished(snapshot))
    line.show(`${snapshot.metadata.name}  ${progressText(snapshot, Date.now())}`, progressOf(snapshot).step)
}

function reportEnd(
  terminal: Terminal,
  line: LiveLine,
  { flags, last }: { flags: WaitFlags; last: Snapshot | undefined },
): ExitCode {
  if (last === undefined || !isFinished(last)) {
    line.end()
    const state = last === undefined ? 'nothing was seen of it' : progressText(last, Date.now())
    terminal.errorLine(
      `${flags.name} has not ended in ${spanText(flags.timeoutMs ?? 0)}: ${state}. It goes on; to wait again: kubectl meili wait ${operand(flags.name)}`,
    )
    return exitCodes.timedOut
  }
  const isDone = hasSucceeded(last)
  if (isDone) line.end('green', '✓', endText(last))
  else line.end('red', '✗', endText(last))
  if (flags.format !== undefined) terminal.document(formatObject(last, flags.format))
  return isDone ? exitCodes.done : exitCodes.failed
}

/** Each state that is seen, the last one where it has ended; ends early where the deadline does. Broken connections are mended. */
async function* states(
  cluster: Cluster,
  { name, deadline, onBroken }: { name: string; deadline: AbortSignal; onBroken: (error: unknown) => void },
): AsyncGenerator<Snapshot> {
  let last: Snapshot | undefined
  while (!deadline.aborted && (last === undefined || !isFinished(last))) {
    try {
      for await (last of statesOfOneWatch(cluster, name, deadline)) yield last
    } catch (error) {
      if (!isTransient(error)) throw deletedError(error, name)
      onBroken(error)
      await pause(againMs, { signal: deadline })
    }
  }
}

/** A refusal of who we are (401) does not pass while nobody logs in. */
function isTransient(error: unknown): boolean {
  return error instanceof Gone || (error instanceof TransientError && error.status !== 401)
}

function deletedError(error: unknown, name: string): unknown {
  return error instanceof NotFound
    ? new UserError(`MeiliSnapshot ${name} was deleted before it ended.`, exitCodes.failed)
    : error
}

/** Ends with the snapshot, or when the server ends the watch. */
async function* statesOfOneWatch(
  { kube, namespace }: Cluster,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Snapshot> {
  const first = await kube.get<Snapshot>(meiliSnapshots, { namespace, name })
  yield first
  if (isFinished(first)) return
  const options = {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: first.metadata.resourceVersion,
    timeoutSeconds: watchSeconds,
    signal,
  }
  for await (const { type, object } of kube.watch<Snapshot>(meiliSnapshots, options)) {
    if (type === 'DELETED') throw new NotFound(`MeiliSnapshot ${name} was deleted`)
    if (type !== 'BOOKMARK') yield object
    if (isFinished(object)) return
  }
}
