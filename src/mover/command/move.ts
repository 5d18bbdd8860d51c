// Stores a file step by step, as the design's copy protocol says. Each step either holds or ends the run with a Failure;
// until the rename at the end nothing stands under the final name, and whatever happens the partial directory goes.
import { exitCodes, type StoreConfig, type MoverResult } from '../contract.ts'
import type { Manifest } from '../artifact/manifest-schema.ts'
import { Failure } from '../failure.ts'
import { close, fillPartial, type Found, type Run, type Surroundings } from '../artifact/fill.ts'
import { findStored } from '../artifact/manifest.ts'
import { makeParents, pathsOf, refuseDetours, removeLeftovers, type ArtifactPaths } from '../artifact/paths.ts'
import { orAborted } from '../io/progress.ts'
import { requireBatch, type SourceFile } from '../source/source-file.ts'
import { measureSpace, requireSpace } from '../io/space.ts'
import type { Source } from '../source/source.ts'

/** Stores the snapshot file that `open` finds, or finds it stored; and says what space is left. Rejects with a Failure where that cannot be. */
export async function store(config: StoreConfig, surroundings: Surroundings): Promise<MoverResult> {
  const paths = pathsOf(config)
  const result = await storeAt(paths, config, surroundings)
  return { ...result, ...(await spaceLeft(paths, surroundings, result)) }
}

/** For the next snapshot. What is stored is stored, whether this can be measured or not. */
async function spaceLeft(
  { root }: ArtifactPaths,
  { warn, signal }: Surroundings,
  { stored }: MoverResult,
): Promise<Pick<MoverResult, 'space'>> {
  try {
    const { neededBytes, freeBytes } = await orAborted(signal, measureSpace(root, BigInt(stored?.sizeBytes ?? 0)))
    return { space: { neededBytes, freeBytes } }
  } catch (error) {
    warn(`the space that is left could not be measured: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
}

async function storeAt(paths: ArtifactPaths, config: StoreConfig, surroundings: Surroundings): Promise<MoverResult> {
  const run: Run = { ...surroundings, config, paths, startedAt: new Date().toISOString() }
  const earlier = await orAborted(run.signal, inspectDestination(run))
  if (earlier !== undefined) return resultOf(earlier, { alreadyThere: true })
  const source = await orAborted(run.signal, run.open())
  const { file } = source
  try {
    const batch = requireBatch(file, config)
    await orAborted(run.signal, prepareDestination(paths, source))
    return await storeFrom(run, { source, batch })
  } catch (error) {
    throw await withSpace(error, { paths, file })
  } finally {
    await close(run, source)
  }
}

async function inspectDestination({ paths, config, warn }: Run): Promise<Manifest | undefined> {
  await refuseDetours(paths)
  const stored = await findStored(paths, config)
  await removeLeftovers(paths, warn)
  return stored
}

/** A link needs none but the reserve. */
async function prepareDestination(paths: ArtifactPaths, { file, canLink }: Source): Promise<void> {
  await requireSpace(paths.root, canLink ? 0n : file.sizeBytes)
  await makeParents(paths)
}

/** Stores the artifact, unless another run of the same object was faster: then its artifact counts. */
async function storeFrom(run: Run, { source, batch }: Found): Promise<MoverResult> {
  const { paths, config } = run
  const filled = await fillPartial(run, { source, batch })
  if (filled.stored) return resultOf(filled.content, { alreadyThere: false, seconds: filled.seconds })
  const winner = await findStored(paths, config)
  if (winner !== undefined) return resultOf(winner, { alreadyThere: true })
  throw new Failure(exitCodes.inputOutput, `${paths.final} came and went during the run; the run can be repeated.`)
}

/** A disk that filled up on the way: how much is there, now that our part is gone again? */
async function withSpace(
  error: unknown,
  { paths, file }: { paths: ArtifactPaths; file: SourceFile },
): Promise<unknown> {
  if (!(error instanceof Failure) || error.exitCode !== exitCodes.noSpace || error.facts.space !== undefined)
    return error
  const { neededBytes, freeBytes } = await measureSpace(paths.root, file.sizeBytes)
  return new Failure(error.exitCode, error.message, { cause: error, space: { neededBytes, freeBytes } })
}

const ways = { Copied: 'Stored', Cloned: 'Stored by a clone', Linked: 'Stored by a link' } as const

function resultOf(
  { file, task, source }: Manifest,
  how: { alreadyThere: boolean; seconds?: MoverResult['seconds'] },
): MoverResult {
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
    ...(file.uncompressedBytes === undefined ? {} : { uncompressedBytes: Number(file.uncompressedBytes) }),
  }
  const message = `${alreadyThere ? 'Was stored already' : ways[file.stored]}: ${file.name}, ${file.sizeBytes} bytes, of task ${task.uid}.`
  return { exitCode: exitCodes.done, message, stored, ...(seconds === undefined ? {} : { seconds }) }
}
