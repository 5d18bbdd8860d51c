// restored-from.json says where a database came from. It lies in the database's directory, so that both appear by one rename.
import { join } from 'node:path'
import { z } from 'zod'
import { readSmallFile } from '../artifact/manifest.ts'
import { flushDirectory, flushParents, lstatIfThere, type ArtifactPaths } from '../artifact/paths.ts'
import { exitCodes, type FillConfig } from '../contract.ts'
import { during, Failure } from '../failure.ts'

export const restoredFromName = 'restored-from.json'

const restoredFrom = z.object({
  restore: z.string(),
  restoreUid: z.string(),
  sha256: z.string(),
  path: z.string(),
  sourceClaim: z.string(),
  meilisearchVersion: z.string(),
  sizeBytes: z.int(),
  uncompressedBytes: z.int(),
  at: z.string(),
})
export type RestoredFrom = z.infer<typeof restoredFrom>

export function restoredFromText(content: RestoredFrom): string {
  return `${JSON.stringify(content, null, 2)}\n`
}

/**
 * Where this restore has made the database already: what it wrote then, flushed once more, as that run may have been killed right after its rename.
 * Undefined if nothing is there. Whatever else stands under the final name is `destinationConflict` and stays untouched.
 */
export async function findRestored(paths: ArtifactPaths, config: FillConfig): Promise<RestoredFrom | undefined> {
  const { final } = paths
  const state = await during({ side: 'destination', what: 'look at', path: final }, () => lstatIfThere(final))
  if (state === undefined) return undefined
  const found = state.isDirectory() ? await readRestoredFrom(final) : undefined
  const wrong = objection(found, config)
  if (found === undefined || wrong !== undefined) {
    throw new Failure(
      exitCodes.destinationConflict,
      `${final} is there already${wrong ?? ''}; it is left untouched. Move it away, or restore to another directory or claim.`,
    )
  }
  await flushDirectory(final)
  await flushParents(paths)
  return found
}

function objection(found: RestoredFrom | undefined, { object, source }: FillConfig): string | undefined {
  if (found === undefined) return `, and no restore made it (it holds no ${restoredFromName})`
  if (found.restoreUid !== object.uid) return `, made by another restore, ${found.restore} (uid ${found.restoreUid})`
  return found.sha256 === source.sha256 ? undefined : `, made from another snapshot (sha256 ${found.sha256})`
}

/** Undefined where there is none, or it says nothing. */
export async function readRestoredFrom(directory: string): Promise<RestoredFrom | undefined> {
  const text = await readSmallFile(join(directory, restoredFromName))
  try {
    return restoredFrom.safeParse(JSON.parse(text ?? '')).data
  } catch {
    return undefined
  }
}
