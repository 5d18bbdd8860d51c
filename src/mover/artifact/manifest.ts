// Writes and reads the two small files beside the stored one: manifest.json describes it, SHA256SUMS lets `sha256sum -c` prove it.
// Every run asks here first whether its artifact is stored already.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isFileName } from '../config.ts'
import { exitCodes, type Batch, type StoreConfig } from '../contract.ts'
import { manifest, type Manifest } from './manifest-schema.ts'
import { during, errnoOf, Failure } from '../failure.ts'
import { flushDirectory, flushParents, lstatIfThere, type ArtifactPaths } from './paths.ts'
import { formatTime } from '../source/rfc3339.ts'

export const manifestName = 'manifest.json'
export const sumsName = 'SHA256SUMS'
const maxTextBytes = 16 * 1024 * 1024

/** What the run found out about the file. */
export interface Copied {
  readonly inode: bigint
  readonly sizeBytes: bigint
  readonly mtimeNs: bigint
  readonly sha256: string
  readonly stored: Manifest['file']['stored']
  readonly batch: Batch
  readonly replaced: boolean
  readonly verified: Manifest['verified']
  /** Undefined where nobody looked into the archive. */
  readonly uncompressedBytes: number | undefined
  readonly mover: Manifest['mover']
}

export function buildManifest(config: StoreConfig, copied: Copied): Manifest {
  const { source, facts, ...described } = config.describes
  const { taskUid, ...batch } = copied.batch
  return {
    schema: 1,
    ...described,
    task: { uid: taskUid, ...batch },
    file: {
      name: config.source.fileName,
      sizeBytes: copied.sizeBytes.toString(),
      sha256: copied.sha256,
      modifiedAt: formatTime(copied.mtimeNs),
      stored: copied.stored,
      ...(copied.uncompressedBytes === undefined ? {} : { uncompressedBytes: String(copied.uncompressedBytes) }),
    },
    ...factsOf(facts, batch),
    source: { ...source, inode: copied.inode.toString(), replacedDuringCopy: copied.replaced },
    mover: copied.mover,
    verified: copied.verified,
  }
}

/** Of another batch than the one whose snapshot this is, the counts are those of another time. */
function factsOf(
  facts: StoreConfig['describes']['facts'],
  { batchUid }: Pick<Batch, 'batchUid'>,
): Pick<Manifest, 'countsExact' | 'tasksEnqueued'> {
  if (facts === undefined) return {}
  if (facts.batchUid !== batchUid) return { countsExact: false }
  const { countsExact, tasksEnqueued } = facts
  return { countsExact, ...(tasksEnqueued === undefined ? {} : { tasksEnqueued }) }
}

export function manifestText(content: Manifest): string {
  return `${JSON.stringify(content, null, 2)}\n`
}

/** In the form of sha256sum: the file and the manifest itself. */
export function sumsText({ file }: Manifest, text: string): string {
  return `${file.sha256}  ${file.name}\n${createHash('sha256').update(text).digest('hex')}  ${manifestName}\n`
}

/**
 * The manifest of the artifact that an earlier run of this object stored, flushed once more (that run may have been killed right after its
 * rename); undefined if nothing is there. Whatever else stands under the final name is `destinationConflict` and stays untouched.
 */
export async function findStored(paths: ArtifactPaths, config: StoreConfig): Promise<Manifest | undefined> {
  const { final } = paths
  const state = await during({ side: 'destination', what: 'look at', path: final }, () => lstatIfThere(final))
  if (state === undefined) return undefined
  const found = state.isDirectory() ? await readManifest(final) : undefined
  const wrong =
    found === undefined ? 'is no stored snapshot with a valid manifest' : await objection(final, { ...found, config })
  if (found === undefined || wrong !== undefined) {
    throw new Failure(
      exitCodes.destinationConflict,
      `${final} ${wrong}; it is left untouched. Move it away or choose another path.`,
    )
  }
  await flushDirectory(final)
  await flushParents(paths)
  return found.content
}

interface StoredManifest {
  readonly content: Manifest
  readonly sums: string
  readonly expectedSums: string
}

/** Why what lies there is not this object's whole artifact; undefined if it is. */
async function objection(
  final: string,
  { content, sums, expectedSums, config }: StoredManifest & { config: StoreConfig },
): Promise<string | undefined> {
  const { object } = config.describes
  if (content.object.uid !== object.uid)
    return `belongs to another object, ${content.object.namespace}/${content.object.name} (uid ${content.object.uid})`
  const known = config.batches.some(({ taskUid, batchUid, enqueuedAt }) => {
    return taskUid === content.task.uid && batchUid === content.task.batchUid && enqueuedAt === content.task.enqueuedAt
  })
  if (!known)
    return `holds this object's artifact of task ${content.task.uid}, which is none of the tasks that may serve now`
  const { fileName: name } = config.source
  if (content.file.name !== name) return `holds the file ${content.file.name} where ${name} is expected`
  const path = join(final, name)
  const state = await during({ side: 'destination', what: 'look at', path }, () => lstatIfThere(path))
  if (state?.isFile() !== true || state.size.toString() !== content.file.sizeBytes)
    return `has a file that does not match its manifest`
  return sums === expectedSums ? undefined : `has a ${sumsName} that does not match its manifest`
}

async function readManifest(final: string): Promise<StoredManifest | undefined> {
  const text = await readSmallFile(join(final, manifestName))
  const sums = await readSmallFile(join(final, sumsName))
  const parsed = manifest.safeParse(text === undefined ? undefined : asJson(text))
  if (text === undefined || !parsed.success) return undefined
  return { content: parsed.data, sums: sums ?? '', expectedSums: sumsText(parsed.data, text) }
}

/** Whose artifact it is and which file it holds, as its manifest says: all that removing it needs, of this schema and of later ones. */
const artifactOwner = z.object({
  object: manifest.shape.object,
  file: z.object({ name: z.string().refine(isFileName) }),
})
export type ArtifactOwner = z.infer<typeof artifactOwner>

export function parseOwner(text: string | undefined): ArtifactOwner | undefined {
  return text === undefined ? undefined : artifactOwner.safeParse(asJson(text)).data
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Undefined for anything but a regular file of a manifest's size. `through` reaches it where that is not its `path`. */
export async function readSmallFile(path: string, through = path): Promise<string | undefined> {
  return during({ side: 'destination', what: 'read', path }, async () => {
    try {
      return await readIfSmall(through)
    } catch (error) {
      if (['ENOENT', 'ELOOP', 'EISDIR'].includes(errnoOf(error) ?? '')) return undefined
      throw error
    }
  })
}

async function readIfSmall(path: string): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const state = await handle.stat()
    return state.isFile() && state.size <= maxTextBytes ? await handle.readFile('utf8') : undefined
  } finally {
    await handle.close()
  }
}
