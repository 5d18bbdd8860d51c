// The story of one run, step by step as in the design's copy protocol. Each step either holds or ends the run with a Failure;
// until the rename at the end nothing of ours stands under the final name, and whatever happens our partial directory goes.
import { exitCodes, type StoreConfig, type MoverResult } from '../contract.ts'
import type { Manifest } from '../artifact/manifest-schema.ts'
import { Failure } from '../failure.ts'
import { close, fillPartial, type Found, type Run, type Surroundings } from '../artifact/fill.ts'
import { findStored } from '../artifact/manifest.ts'
import { makeParents, placeOf, refuseDetours, removeLeftovers, type Place } from '../artifact/place.ts'
import { orAborted } from '../io/progress.ts'
import { requireBatch, type SourceFile } from '../source/source.ts'
import { measureSpace, requireSpace } from '../io/space.ts'
import type { Supply } from '../source/supply.ts'

/** Stores the snapshot file that `open` finds, or finds it stored; and says what room is left. Rejects with a Failure where that cannot be. */
export async function store(config: StoreConfig, surroundings: Surroundings): Promise<MoverResult> {
  const place = placeOf(config)
  const result = await storeAt(place, config, surroundings)
  return { ...result, ...(await roomLeft(place, surroundings, result)) }
}

/** For the next snapshot. What is stored is stored, whether this can be told or not. */
async function roomLeft(
  { root }: Place,
  { warn, signal }: Surroundings,
  { stored }: MoverResult,
): Promise<Pick<MoverResult, 'space'>> {
  try {
    const { neededBytes, freeBytes } = await orAborted(signal, measureSpace(root, BigInt(stored?.sizeBytes ?? 0)))
    return { space: { neededBytes, freeBytes } }
  } catch (error) {
    warn(`the room that is left could not be told: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
}

async function storeAt(place: Place, config: StoreConfig, surroundings: Surroundings): Promise<MoverResult> {
  const run: Run = { ...surroundings, config, place, startedAt: new Date().toISOString() }
  const earlier = await orAborted(run.signal, lookAround(run))
  if (earlier !== undefined) return resultOf(earlier, { alreadyThere: true })
  const supply = await orAborted(run.signal, run.open())
  const { source } = supply
  try {
    const batch = requireBatch(source, config)
    await orAborted(run.signal, makeRoom(place, supply))
    return await storeFrom(run, { supply, batch })
  } catch (error) {
    throw await withSpace(error, { place, source })
  } finally {
    await close(run, supply)
  }
}

async function lookAround({ place, config, warn }: Run): Promise<Manifest | undefined> {
  await refuseDetours(place)
  const stored = await findStored(place, config)
  await removeLeftovers(place, warn)
  return stored
}

/** A link needs none but the reserve. */
async function makeRoom(place: Place, { source, canLink }: Supply): Promise<void> {
  await requireSpace(place.root, canLink ? 0n : source.sizeBytes)
  await makeParents(place)
}

/** Stores the artifact, unless another run of the same object was faster: then its artifact counts. */
async function storeFrom(run: Run, { supply, batch }: Found): Promise<MoverResult> {
  const { place, config } = run
  const filled = await fillPartial(run, { supply, batch })
  if (filled.stored) return resultOf(filled.content, { alreadyThere: false, seconds: filled.seconds })
  const winner = await findStored(place, config)
  if (winner !== undefined) return resultOf(winner, { alreadyThere: true })
  throw new Failure(exitCodes.inputOutput, `${place.final} came and went during the run; the run can be repeated.`)
}

/** A disk that filled up on the way: how much is there, now that our part is gone again? */
async function withSpace(error: unknown, { place, source }: { place: Place; source: SourceFile }): Promise<unknown> {
  if (!(error instanceof Failure) || error.exitCode !== exitCodes.noSpace || error.facts.space !== undefined)
    return error
  const { neededBytes, freeBytes } = await measureSpace(place.root, source.sizeBytes)
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
  }
  const message = `${alreadyThere ? 'Was stored already' : ways[file.stored]}: ${file.name}, ${file.sizeBytes} bytes, of task ${task.uid}.`
  return { exitCode: exitCodes.done, message, stored, ...(seconds === undefined ? {} : { seconds }) }
}
