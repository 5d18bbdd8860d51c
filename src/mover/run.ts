// The story of one run, step by step as in the design's copy protocol. Each step either holds or ends the run with a Failure;
// until the rename at the end nothing of ours stands under the final name, and whatever happens our partial directory goes.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyArchive, type Verifying } from './archive.ts'
import { prepare, publish } from './commit.ts'
import { exitCodes, type Batch, type Manifest, type MoveConfig, type MoverResult } from './contract.ts'
import { copy } from './copy.ts'
import { during, Failure } from './failure.ts'
import { buildManifest, findStored, type Copied } from './manifest.ts'
import { discard, makeParents, makePartial, placeOf, refuseDetours, removeLeftovers, type Place } from './place.ts'
import { orAborted, type Progress } from './progress.ts'
import { confirmUnchanged, openSource, requireBatch, type Source } from './source.ts'
import { measureSpace, requireSpace } from './space.ts'

/** What a run needs from outside. An abort's reason is how the run ends. */
export interface Surroundings {
  readonly version: string
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly warn: (line: string) => void
}

interface Run extends Surroundings {
  readonly config: MoveConfig
  readonly place: Place
  readonly startedAt: string
}

/** Stores the snapshot file that lies in the source directory, or finds it stored; and says what room is left. Rejects with a Failure where that cannot be. */
export async function store(config: MoveConfig, surroundings: Surroundings): Promise<MoverResult> {
  const place = placeOf(config)
  const result = await storeAt(place, config, surroundings)
  return { ...result, ...(await roomLeft(place, surroundings, result)) }
}

/** For the next snapshot. What is stored is stored, whether this can be told or not. */
async function roomLeft({ root }: Place, { warn, signal }: Surroundings, { stored }: MoverResult): Promise<Pick<MoverResult, 'space'>> {
  try {
    const { neededBytes, freeBytes } = await orAborted(signal, measureSpace(root, BigInt(stored?.sizeBytes ?? 0)))
    return { space: { neededBytes, freeBytes } }
  } catch (error) {
    warn(`the room that is left could not be told: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
}

async function storeAt(place: Place, config: MoveConfig, surroundings: Surroundings): Promise<MoverResult> {
  const run: Run = { ...surroundings, config, place, startedAt: new Date().toISOString() }
  const earlier = await orAborted(run.signal, lookAround(run))
  if (earlier !== undefined) return resultOf(earlier, { alreadyThere: true })
  const source = await orAborted(run.signal, openSource(config.source))
  try {
    const batch = requireBatch(source, config)
    await orAborted(run.signal, makeRoom(place, source))
    return await storeFrom(run, { source, batch })
  } catch (error) {
    throw await withSpace(error, { place, source })
  } finally {
    await close(run, source.handle)
  }
}

async function lookAround({ place, config, warn }: Run): Promise<Manifest | undefined> {
  await refuseDetours(place)
  const stored = await findStored(place, config)
  await removeLeftovers(place, warn)
  return stored
}

async function makeRoom(place: Place, source: Source): Promise<void> {
  await requireSpace(place.root, source.sizeBytes)
  await makeParents(place)
}

/** Stores the artifact, unless another run of the same object was faster: then its artifact counts. */
async function storeFrom(run: Run, { source, batch }: { source: Source; batch: Batch }): Promise<MoverResult> {
  const { place, config } = run
  const filled = await fillPartial(run, { source, batch })
  if (filled.stored) return resultOf(filled.content, { alreadyThere: false, seconds: filled.seconds })
  const winner = await findStored(place, config)
  if (winner !== undefined) return resultOf(winner, { alreadyThere: true })
  throw new Failure(exitCodes.inputOutput, `${place.final} came and went during the run; the run can be repeated.`)
}

/** Copies, verifies, commits. However it ends, the partial directory is gone afterwards. */
async function fillPartial(run: Run, { source, batch }: { source: Source; batch: Batch }): Promise<Filled> {
  const { place, config, signal, warn } = run
  await makePartial(place)
  try {
    const path = join(place.partial, config.source.fileName)
    const file = await orAborted(signal, create(path))
    try {
      return await fill(run, { source, batch, file, path })
    } finally {
      await close(run, file)
    }
  } finally {
    await discard(place, { path: place.partial, warn })
  }
}

interface Filling {
  readonly source: Source
  readonly batch: Batch
  readonly file: FileHandle
  readonly path: string
}

interface Filled {
  readonly stored: boolean
  readonly content: Manifest
  readonly seconds: { readonly copying: number; readonly verifying: number }
}

async function fill(run: Run, { source, batch, file, path }: Filling): Promise<Filled> {
  const { progress, signal, place } = run
  const clock = new Stopwatch()
  const sizeBytes = Number(source.sizeBytes)
  progress.begin('copying', sizeBytes)
  const sha256 = await orAborted(signal, copy({ source, target: file, targetPath: path, progress, signal }))
  const { replaced } = await orAborted(signal, confirmUnchanged(source))
  const copying = clock.lap()
  const verified = await verify(run, { path, sourcePath: source.path, sizeBytes, sha256 })
  const verifying = clock.lap()
  progress.begin('committing', sizeBytes)
  const content = contentOf(run, { inode: source.inode, sizeBytes: source.sizeBytes, mtimeNs: source.mtimeNs, sha256, batch, replaced, verified })
  await orAborted(signal, prepare(place, { file, content }))
  signal.throwIfAborted()
  return { stored: (await publish(place)) === 'stored', content, seconds: { copying, verifying } }
}

async function verify({ config, progress, signal }: Run, copied: Pick<Verifying, 'path' | 'sourcePath' | 'sizeBytes' | 'sha256'>): Promise<Manifest['verified']> {
  if (config.verification === 'None') return { mode: 'None' }
  progress.begin('verifying', copied.sizeBytes)
  const version = config.describes.meilisearch.version
  return { mode: 'Archive', ...(await orAborted(signal, verifyArchive({ ...copied, version, progress, signal }))) }
}

function contentOf({ config, startedAt, version }: Run, copied: Omit<Copied, 'mover'>): Manifest {
  return buildManifest(config, { ...copied, mover: { version, attempt: config.attempt, startedAt, finishedAt: new Date().toISOString() } })
}

async function create(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  return during({ side: 'destination', what: 'create', path }, () => open(path, flags, 0o600))
}

/** After an abort I/O may hang in the kernel, and closing would wait for it. */
async function close({ signal }: Run, handle: FileHandle): Promise<void> {
  const closing = handle.close().catch(() => undefined)
  if (!signal.aborted) await closing
}

/** A disk that filled up on the way: how much is there, now that our part is gone again? */
async function withSpace(error: unknown, { place, source }: { place: Place; source: Source }): Promise<unknown> {
  if (!(error instanceof Failure) || error.exitCode !== exitCodes.noSpace || error.facts.space !== undefined) return error
  const { neededBytes, freeBytes } = await measureSpace(place.root, source.sizeBytes)
  return new Failure(error.exitCode, error.message, { cause: error, space: { neededBytes, freeBytes } })
}

function resultOf({ file, task, source }: Manifest, how: { alreadyThere: boolean; seconds?: Filled['seconds'] }): MoverResult {
  const { alreadyThere, seconds } = how
  const stored = {
    inode: source.inode,
    sizeBytes: Number(file.sizeBytes),
    modifiedAt: file.modifiedAt,
    sha256: file.sha256,
    taskUid: task.uid,
    batchUid: task.batchUid,
    alreadyThere,
    replacedDuringCopy: source.replacedDuringCopy,
  }
  const message = `${alreadyThere ? 'Was stored already' : 'Stored'}: ${file.name}, ${file.sizeBytes} bytes, of task ${task.uid}.`
  return { exitCode: exitCodes.done, message, stored, ...(seconds === undefined ? {} : { seconds }) }
}

class Stopwatch {
  #since = performance.now()

  /** Seconds since the last lap, to the millisecond. */
  lap(): number {
    const now = performance.now()
    const seconds = Math.round(now - this.#since) / 1000
    this.#since = now
    return seconds
  }
}
