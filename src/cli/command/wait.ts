// kubectl meili wait NAME: follows one snapshot by a watch until it ends, and says how.
import { setTimeout as pause } from 'node:timers/promises'
import { isFinished, meiliSnapshots } from '../../api/snapshot.ts'
import { Gone, NotFound, TransientError } from '../../errors.ts'
import { spanText } from '../../reconcile/format.ts'
import type { Cluster, Snapshot } from '../cluster.ts'
import { Complaint, complaintOf } from '../complaint.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { printedObject } from '../terminal/print.ts'
import type { Format } from '../terminal/print.ts'
import { endText, progressOf, progressText } from '../view/progress.ts'
import { operand } from '../terminal/shell.ts'
import type { LiveLine, Terminal } from '../terminal/terminal.ts'

export interface WaitWish {
  readonly name: string
  /** Without it: until the snapshot ends, which its own deadlines see to. */
  readonly timeoutMs: number | undefined
  readonly format: Format | undefined
}

/** Before the next look after a connection has broken. */
const againMs = 1000
const watchSeconds = 280
/** Longest that a timer can be set for. */
const maxTimeoutMs = 2 ** 31 - 1

export async function runWait(cluster: Cluster, terminal: Terminal, wish: WaitWish): Promise<ExitCode> {
  await cluster.snapshot(wish.name)
  return await followToEnd(cluster, terminal, wish)
}

/** With a format, stdout is left to the object as it is in the end. */
export async function followToEnd(cluster: Cluster, terminal: Terminal, wish: WaitWish): Promise<ExitCode> {
  const line = terminal.live(wish.format === undefined ? 'out' : 'error')
  const deadline = AbortSignal.timeout(Math.min(wish.timeoutMs ?? maxTimeoutMs, maxTimeoutMs))
  const broken = (error: unknown): void =>
    line.show(`${wish.name}  ${complaintOf(error, cluster.server) ?? ''} Trying again.`, 'broken')
  let last: Snapshot | undefined
  try {
    for await (const snapshot of states(cluster, { name: wish.name, deadline, broken })) {
      last = snapshot
      show(line, snapshot)
    }
  } catch (error) {
    line.end()
    throw error
  }
  return said(terminal, line, { wish, last })
}

/** The end has a line of its own. */
function show(line: LiveLine, snapshot: Snapshot): void {
  if (!isFinished(snapshot))
    line.show(`${snapshot.metadata.name}  ${progressText(snapshot, Date.now())}`, progressOf(snapshot).step)
}

function said(
  terminal: Terminal,
  line: LiveLine,
  { wish, last }: { wish: WaitWish; last: Snapshot | undefined },
): ExitCode {
  if (last === undefined || !isFinished(last)) {
    line.end()
    const state = last === undefined ? 'nothing was seen of it' : progressText(last, Date.now())
    terminal.complain(
      `${wish.name} has not ended in ${spanText(wish.timeoutMs ?? 0)}: ${state}. It goes on; to wait again: kubectl meili wait ${operand(wish.name)}`,
    )
    return exitCodes.timedOut
  }
  const isDone = last.status?.phase === 'Completed'
  if (isDone) line.end('green', '✓', endText(last))
  else line.end('red', '✗', endText(last))
  if (wish.format !== undefined) terminal.document(printedObject(last, wish.format))
  return isDone ? exitCodes.done : exitCodes.failed
}

/** Each state that is seen, the last one where it has ended; ends early where the deadline does. Broken connections are mended. */
async function* states(
  cluster: Cluster,
  { name, deadline, broken }: { name: string; deadline: AbortSignal; broken: (error: unknown) => void },
): AsyncGenerator<Snapshot> {
  let last: Snapshot | undefined
  while (!deadline.aborted && (last === undefined || !isFinished(last))) {
    try {
      for await (last of statesOfOneWatch(cluster, name, deadline)) yield last
    } catch (error) {
      if (!passes(error)) throw gone(error, name)
      broken(error)
      await pause(againMs, undefined, { signal: deadline }).catch(() => undefined)
    }
  }
}

/** A refusal of who we are (401) does not pass while nobody logs in. */
function passes(error: unknown): boolean {
  return error instanceof Gone || (error instanceof TransientError && error.status !== 401)
}

function gone(error: unknown, name: string): unknown {
  return error instanceof NotFound
    ? new Complaint(`MeiliSnapshot ${name} was deleted before it ended.`, exitCodes.failed)
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
