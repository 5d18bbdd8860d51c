// The command `resolve`: says which file a source means, and what it holds. It makes nothing.
import { basename, join } from 'node:path'
import type { Surroundings } from '../artifact/fill.ts'
import { findNewest } from '../artifact/newest-artifact.ts'
import type { Manifest } from '../artifact/manifest-schema.ts'
import { pathComponents } from '../config.ts'
import { exitCodes, type MoverResult, type ResolveConfig } from '../contract.ts'
import { maxBytesWithoutManifest } from '../database/entry.ts'
import { readThrough } from '../database/unpack.ts'
import { Failure } from '../failure.ts'
import { ClaimFile, reach } from '../source/claim-file.ts'
import { formatTime } from '../source/rfc3339.ts'

type Resolved = NonNullable<MoverResult['resolved']>

export async function resolve(config: ResolveConfig, surroundings: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  const path = pathComponents(config.source.path).join('/')
  const { directory, name } = await reach(config.source)
  await using held = directory
  if (config.source.kind === 'Artifact') {
    if (name !== undefined)
      throw missing(`${join(held.path, name)} is no directory, and a stored snapshot is one with its manifest.json`)
    const found = await findNewest(held, config.source.sha256)
    return resultOf(factsOf(found.name === undefined ? path : join(path, found.name), found.content))
  }
  if (name === undefined) throw missing(`${held.path} is a directory, and no snapshot file`)
  await using file = await ClaimFile.open(held, name)
  return resultOf(await readFile(config, file, { ...surroundings, path }))
}

/** Read through, as nothing else speaks for it. */
async function readFile(
  { source }: ResolveConfig,
  file: ClaimFile,
  { path, ...surroundings }: Omit<Surroundings, 'open'> & { path: string },
): Promise<Resolved> {
  surroundings.progress.begin('reading', file.sizeBytes)
  const { version, uncompressedBytes, sha256 } = await readThrough({
    ...surroundings,
    file,
    sha256: source.sha256,
    version: undefined,
    maxBytes: maxBytesWithoutManifest(file.sizeBytes),
  })
  return {
    path,
    fileName: basename(path),
    sizeBytes: file.sizeBytes,
    sha256,
    meilisearchVersion: version,
    uncompressedBytes,
    takenAt: formatTime(file.mtimeNs),
  }
}

function factsOf(path: string, content: Manifest): Resolved {
  const { file, meilisearch, indexes, task, countsExact, tasksEnqueued } = content
  return {
    path,
    fileName: file.name,
    sizeBytes: Number(file.sizeBytes),
    sha256: file.sha256,
    meilisearchVersion: meilisearch.version,
    indexes: indexes.length,
    documents: indexes.reduce((sum, { documents }) => sum + documents, 0),
    takenAt: task.finishedAt,
    ...(file.uncompressedBytes === undefined ? {} : { uncompressedBytes: Number(file.uncompressedBytes) }),
    ...(countsExact === undefined ? {} : { countsExact }),
    ...(tasksEnqueued === undefined ? {} : { tasksEnqueued }),
  }
}

function resultOf(resolved: Resolved): MoverResult {
  const { path, sizeBytes, meilisearchVersion } = resolved
  const message = `Found ${path}: a snapshot of Meilisearch ${meilisearchVersion}, ${sizeBytes} bytes.`
  return { exitCode: exitCodes.done, message, resolved }
}

function missing(what: string): Failure {
  return new Failure(exitCodes.sourceMissing, `${what}; restore from another path.`)
}
