// The command `fill`: makes a database directory out of a snapshot file. Until everything is right nothing stands under the final name;
// whatever happens the partial directory goes, or the next run of the same restore finds it.
import type { Surroundings } from '../artifact/fill.ts'
import { writeFlushed, publish } from '../artifact/commit.ts'
import {
  discard,
  flushDirectory,
  makeParents,
  makePartial,
  refuseDetours,
  removeLeftovers,
  type ArtifactPaths,
} from '../artifact/paths.ts'
import { join } from 'node:path'
import { exitCodes, type FillConfig, type MoverResult } from '../contract.ts'
import { maxBytesWithoutManifest } from '../database/entry.ts'
import { databasePaths } from '../database/paths.ts'
import { findRestored, restoredFromName, restoredFromText, type RestoredFrom } from '../database/restored-from.ts'
import { readThrough, unpackInto, type Unpacked, type Unpacking } from '../database/unpack.ts'
import { Failure } from '../failure.ts'
import { Stopwatch } from '../io/stopwatch.ts'
import { orAborted } from '../io/progress.ts'
import { measureSpace, requireSpace } from '../io/space.ts'
import { ClaimFile, reach } from '../source/claim-file.ts'

interface Run extends Omit<Surroundings, 'open'> {
  readonly config: FillConfig
  readonly paths: ArtifactPaths
}

/** Run again after a kill at any point it comes to the same end. Rejects with a Failure where that cannot be. */
export async function fill(config: FillConfig, surroundings: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  const run: Run = { ...surroundings, config, paths: databasePaths(config) }
  const earlier = await orAborted(run.signal, inspectDestination(run))
  if (earlier !== undefined) return resultOf(run, earlier, { alreadyThere: true })
  const file = await orAborted(run.signal, openSource(config))
  try {
    return await fillFrom(run, file)
  } finally {
    const closing = file[Symbol.asyncDispose]().catch(() => undefined)
    if (!run.signal.aborted) await closing
  }
}

async function inspectDestination({ paths, config, warn }: Run): Promise<RestoredFrom | undefined> {
  await refuseDetours(paths)
  await removeLeftovers(paths, warn)
  return await findRestored(paths, config)
}

async function openSource({ source }: FillConfig): Promise<ClaimFile> {
  const { directory, name = source.fileName } = await reach(source)
  await using _ = directory
  const file = await ClaimFile.open(directory, name)
  if (file.sizeBytes === source.sizeBytes) return file
  await file[Symbol.asyncDispose]()
  throw new Failure(
    exitCodes.mismatch,
    `${file.path} is not the file that is on record: it has ${file.sizeBytes} bytes, not ${source.sizeBytes}; nothing was made of it.`,
  )
}

async function fillFrom(run: Run, file: ClaimFile): Promise<MoverResult> {
  const { config, paths, signal, progress } = run
  const clock = new Stopwatch()
  const unpacking = { ...run, file, sha256: config.source.sha256, version: config.describes.meilisearchVersion }
  const maxBytes = await spaceFor(run, unpacking)
  const fetch = clock.lap()
  try {
    await orAborted(signal, requireSpace(paths.root, BigInt(maxBytes)))
    await orAborted(signal, makeParents(paths))
    progress.begin('unpacking', file.sizeBytes)
    const { stored, content } = await fillPartial(run, { ...unpacking, maxBytes })
    if (stored) return resultOf(run, content, { alreadyThere: false, seconds: { fetch, extract: clock.lap() } })
  } catch (error) {
    throw await withSpace(error, run, maxBytes)
  }
  const winner = await findRestored(paths, config)
  if (winner !== undefined) return resultOf(run, winner, { alreadyThere: true })
  throw new Failure(exitCodes.inputOutput, `${paths.final} came and went during the run; the run can be repeated.`)
}

/** As the manifest says; else as a pass that only reads finds out. */
async function spaceFor({ config, progress, signal }: Run, unpacking: Omit<Unpacking, 'maxBytes'>): Promise<number> {
  if (config.uncompressedBytes !== undefined) return config.uncompressedBytes
  const { sizeBytes } = unpacking.file
  progress.begin('reading', sizeBytes)
  const read = readThrough({ ...unpacking, maxBytes: maxBytesWithoutManifest(sizeBytes) })
  return (await orAborted(signal, read)).uncompressedBytes
}

async function fillPartial(run: Run, unpacking: Unpacking): Promise<{ stored: boolean; content: RestoredFrom }> {
  const { paths, signal, warn, progress } = run
  await orAborted(signal, makePartial(paths))
  try {
    const unpacked = await orAborted(signal, unpackInto(paths.partial, unpacking))
    progress.begin('committing', unpacking.file.sizeBytes, unpacking.file.sizeBytes)
    const content = contentOf(run.config, unpacked)
    await orAborted(signal, sealPartial(paths, content))
    signal.throwIfAborted()
    return { stored: (await publish(paths)) === 'stored', content }
  } finally {
    await discard(paths, { path: paths.partial, warn })
  }
}

/** After this the partial directory is whole and on the disk. */
async function sealPartial({ partial }: ArtifactPaths, content: RestoredFrom): Promise<void> {
  await writeFlushed(join(partial, restoredFromName), restoredFromText(content))
  await flushDirectory(partial)
}

function contentOf({ describes, source }: FillConfig, { version, uncompressedBytes }: Unpacked): RestoredFrom {
  const { sizeBytes } = source
  return { ...describes, meilisearchVersion: version, sizeBytes, uncompressedBytes, at: new Date().toISOString() }
}

/** A disk that filled up on the way: how much is there, now that our part is gone again? */
async function withSpace(error: unknown, { paths }: Run, sizeBytes: number): Promise<unknown> {
  if (!(error instanceof Failure) || error.exitCode !== exitCodes.noSpace || error.facts.space !== undefined)
    return error
  const { neededBytes, freeBytes } = await measureSpace(paths.root, BigInt(sizeBytes))
  return new Failure(error.exitCode, error.message, { cause: error, space: { neededBytes, freeBytes } })
}

function resultOf(
  { config: { destination } }: Run,
  { meilisearchVersion: version, uncompressedBytes, sizeBytes, sha256 }: RestoredFrom,
  { alreadyThere, seconds }: { alreadyThere: boolean; seconds?: MoverResult['seconds'] },
): MoverResult {
  const filled = { version, uncompressedBytes, sizeBytes, sha256, alreadyThere }
  const what = `a database of Meilisearch ${version}, ${uncompressedBytes} bytes`
  const where = `${destination.directory} on claim ${destination.claim}`
  const message = alreadyThere ? `Was unpacked already: ${where}, ${what}.` : `Unpacked into ${where}: ${what}.`
  return { exitCode: exitCodes.done, message, filled, ...(seconds === undefined ? {} : { seconds }) }
}
