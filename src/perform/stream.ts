// Sends a file from a container that runs to a mover that waits, where no mover can mount it: one command reads a run of it there,
// another hands it over here. Nothing is remembered: how far it is, the mover says; which file it is, the container says.
import { createHash } from 'node:crypto'
import type { Exec, ExecCall } from '../kube/exec.ts'
import { maxSegmentBytes, segmentUnitBytes, windowBytes } from '../mover/stream/frames.ts'
import type { Frame, RefusalCode } from '../mover/stream/frames.ts'
import { exitCodes } from '../mover/contract.ts'
import type { FileIdentity } from '../mover/contract.ts'
import type { Effect, Fact, PinnedFile } from '../reconcile/decision.ts'
import { TransientError } from '../errors.ts'
import { Receiver } from './receiver.ts'
import { lookScript, pinPrefix, readScript, unpinScript } from './stream-scripts.ts'

/** After this long the pass ends, so that status is told, and others have their turn. */
const budgetMs = 10_000
/** What one command reads: little at first, more while that goes quickly. What a cut costs, and a start, are both small beside it. */
const run = {
  firstBytes: 4 * segmentUnitBytes,
  mostBytes: Math.min(maxSegmentBytes, 32 * segmentUnitBytes),
  quickMs: 1000,
} as const
const shortMs = 30_000
/** Less than the container's own guard (stream-scripts.ts). */
const runMs = 280_000

type Order = Extract<Effect, { kind: 'StreamSegments' }>
type Seen =
  | { readonly file: FileIdentity; readonly name: string }
  | { readonly refusal: Extract<Frame, { is: 'refusal' }> }

interface Run {
  readonly source: PinnedFile
  readonly file: FileIdentity
  /** The pin's, or the file's own. */
  readonly name: string
  readonly most: number
}

export interface StreamParts {
  readonly exec: Exec
  readonly isLeader: () => boolean
}

export class Streamer {
  readonly #parts: StreamParts

  constructor(parts: StreamParts) {
    this.#parts = parts
  }

  /** @throws NotFound, TerminalError: no such pod, or no right to enter it */
  async send(order: Order): Promise<Fact | undefined> {
    try {
      return await this.#send(order)
    } catch (error) {
      if (error instanceof TransientError) return { kind: 'StreamInterrupted', message: error.message }
      throw error
    }
  }

  /** Of no consequence where there is none. Gives the inode that the file's name leads to. */
  async unpin(source: PinnedFile): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#run(source, unpinScript)
    // Without a shell there never was a pin.
    if (exitCode !== 0 && exitCode !== 127)
      throw new TransientError(
        `${source.directory}/${pinNameOf(source)} in Pod ${source.pod} could not be removed: ${stderr.slice(0, 300)}`,
      )
    return stdout.trim()
  }

  async #send({ source, receiver: to }: Order): Promise<Fact | undefined> {
    const until = performance.now() + budgetMs
    await using receiver = await Receiver.open(this.#parts.exec, { namespace: source.namespace, ...to })
    if (receiver.state.done) return undefined
    const seen = refuseOther(await this.#look(source), receiver.state.file)
    if ('refusal' in seen) return await receiver.last(seen.refusal)
    const { file, name } = seen
    await receiver.name(file)
    for (
      let most: number = run.firstBytes;
      !receiver.state.done && receiver.state.at < file.sizeBytes && performance.now() < until;
    ) {
      const begun = performance.now()
      await this.#segment(receiver, { source, file, name, most })
      if (performance.now() - begun < run.quickMs) most = Math.min(run.mostBytes, 2 * most)
    }
    if (receiver.state.done || receiver.state.at < file.sizeBytes) return undefined
    await receiver.last({ is: 'end', replaced: (await this.unpin(source)) !== file.inode })
    return { kind: 'PinRemoved' }
  }

  async #look(source: PinnedFile): Promise<Seen> {
    const { exitCode, stdout, stderr } = await this.#run(source, lookScript)
    return seenIn(exitCode === 0 ? stdout.trim() : exitCode === 127 ? 'lacks sh' : `failed ${stderr}`, source)
  }

  /** One run of bytes: read there, handed over here, sealed only when both sides agree on what it was. */
  async #segment(receiver: Receiver, { source, file, name, most }: Run): Promise<void> {
    const { at } = receiver.state
    const bytes = Math.min(most, file.sizeBytes - at)
    const words = [source.directory, name, String(at / segmentUnitBytes), String(Math.ceil(bytes / segmentUnitBytes))]
    await using reader = await this.#parts.exec(callOf(source, readScript, { words, deadlineMs: runMs }))
    const hash = createHash('sha256')
    await receiver.head({ at, bytes })
    let sent = 0
    for await (const piece of reader.output()) {
      if (!this.#parts.isLeader()) throw new TransientError('the lease is no longer held')
      sent += piece.length
      if (sent > bytes) break
      hash.update(piece)
      await receiver.bytes(piece, sent - windowBytes)
    }
    const sha256 = hash.digest('hex')
    const wrong =
      sent === bytes ? whyWrong(reader.ended(), { file, sha256 }) : `${sent} bytes came, and ${bytes} were asked for`
    if (wrong !== undefined) throw new TransientError(`the run from ${at} was not what it should be: ${wrong}`)
    await receiver.seal({ at: at + bytes, sha256 })
  }

  async #run(source: PinnedFile, script: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    await using execution = await this.#parts.exec(
      callOf(source, script, { words: [source.directory, source.fileName, pinNameOf(source)], deadlineMs: shortMs }),
    )
    let stdout = ''
    for await (const piece of execution.output()) stdout = (stdout + piece.toString()).slice(0, 4096)
    return { stdout, ...execution.ended() }
  }
}

const pinNameOf = ({ pin }: PinnedFile): string => `${pinPrefix}${pin}`

function callOf(
  { namespace, pod, container }: PinnedFile,
  script: string,
  { words, deadlineMs }: { words: readonly string[]; deadlineMs: number },
): ExecCall {
  return {
    pod: { namespace, name: pod },
    container,
    command: ['sh', '-c', script, 'sh', ...words],
    stdin: false,
    deadlineMs,
  }
}

function refusal(
  exitCode: RefusalCode,
  message: string,
  modifiedAt?: string,
): { refusal: Extract<Frame, { is: 'refusal' }> } {
  return { refusal: { is: 'refusal', exitCode, message, ...(modifiedAt === undefined ? {} : { modifiedAt }) } }
}

/** What the container says of the file. @throws TransientError where it says nothing of use */
function seenIn(line: string, source: PinnedFile): Seen {
  const { pod, container, directory, fileName } = source
  const [, how, inode, size, date, time] =
    /^(pinned|named) (\d+) (\d+) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000$/.exec(line) ?? []
  if (inode !== undefined)
    return {
      file: { inode, sizeBytes: Number(size), modifiedAt: `${date}T${time}Z` },
      name: how === 'pinned' ? pinNameOf(source) : fileName,
    }
  const path = `${directory}/${fileName} in container ${container} of Pod ${pod}`
  if (line.startsWith('lacks'))
    return refusal(
      exitCodes.toolsMissing,
      `Container ${container} of Pod ${pod} has no ${line.slice('lacks '.length)}, which streaming needs. Use an image with a shell and the usual tools (the official one has them), or put MEILI_SNAPSHOT_DIR on a claim that a mover can mount.`,
    )
  if (line === 'absent')
    return refusal(
      exitCodes.sourceMissing,
      `There is no ${path}; check snapshotDirectory of the MeiliInstance. Where the container was started anew, its snapshots are gone: create another MeiliSnapshot.`,
    )
  if (line === 'other')
    return refusal(exitCodes.sourceMissing, `${path} is not a regular file; Meilisearch writes its snapshot as one.`)
  if (line === 'denied')
    return refusal(exitCodes.permissionDenied, `${path} cannot be read by the container's own user.`)
  throw new TransientError(`${path} could not be looked at: ${line.slice(0, 500)}`)
}

/** Once a file is begun, only that one will do: another one in its place is newer, and has its own label. */
function refuseOther(seen: Seen, begun: FileIdentity | undefined): Seen {
  if (begun === undefined) return seen
  if ('refusal' in seen)
    return seen.refusal.exitCode === exitCodes.sourceMissing
      ? { refusal: { ...seen.refusal, modifiedAt: begun.modifiedAt } }
      : seen
  const { inode, sizeBytes, modifiedAt } = seen.file
  if (inode === begun.inode && sizeBytes === begun.sizeBytes && modifiedAt === begun.modifiedAt) return seen
  return refusal(
    exitCodes.superseded,
    `The snapshot file was replaced while it was sent, by one of ${modifiedAt}; the batch that wrote it must be found.`,
    modifiedAt,
  )
}

/** What was read must be of the file that was begun, before and after, and hash to the same where the container can tell. */
function whyWrong(
  { exitCode, stderr }: { exitCode: number; stderr: string },
  { file, sha256 }: { file: FileIdentity; sha256: string },
): string | undefined {
  if (exitCode !== 0) return `reading ended with exit code ${exitCode}: ${stderr.slice(0, 300)}`
  const states = [...stderr.matchAll(/^(?:open|after) (\d+) (\d+) (\S+) (\S+) \+0000$/gm)]
  const same = states.filter(
    ([, inode, size, date, time]) =>
      inode === file.inode && Number(size) === file.sizeBytes && `${date}T${time}Z` === file.modifiedAt,
  )
  if (states.length !== 2 || same.length !== 2) return 'the file was changed or replaced meanwhile'
  const told = /^([0-9a-f]{64}) /m.exec(stderr)?.[1]
  return told === undefined || told === sha256 ? undefined : `the container read ${told}, and ${sha256} came`
}
