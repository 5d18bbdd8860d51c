// An artifact as the mover leaves it, with what others have beside it, and its removal.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DeleteArtifactConfig } from '../../../../src/mover/contract.ts'
import { buildManifest, manifestText } from '../../../../src/mover/artifact/manifest.ts'
import { emptyListing, storedListing, type Ended, type How, type Workplace } from '../../../support/mover/mover.ts'

/** An artifact as the mover leaves it, with what others have beside it. */
export async function layArtifact(work: Workplace): Promise<void> {
  const config = work.config()
  const mover = { version: '0.1.0', attempt: '1-1', startedAt: '', finishedAt: '' }
  const content = buildManifest(config, {
    inode: 1n,
    sizeBytes: 4n,
    mtimeNs: 0n,
    sha256: '',
    batch: config.batches[0]!,
    replaced: false,
    stored: 'Copied',
    verified: { mode: 'None' },
    uncompressedBytes: undefined,
    mover,
  })
  await mkdir(work.final, { recursive: true })
  await writeFile(join(work.final, 'data.ms.snapshot'), 'data', { mode: 0o440 })
  await writeFile(join(work.final, 'manifest.json'), manifestText(content), { mode: 0o440 })
  await writeFile(join(work.final, 'SHA256SUMS'), 'sums', { mode: 0o440 })
  await layNeighbours(work)
}

export async function layNeighbours(work: Workplace): Promise<void> {
  for (const name of neighbours) {
    await mkdir(join(work.parent, name))
    await writeFile(join(work.parent, name, 'manifest.json'), 'theirs')
  }
}

export const neighbours = [
  '.nightly-0a1b2c3d.00000000.deleted',
  '.nightly-0a1b2c3d.b-ffffffff.00000000.deleting',
  '.nightly-0a1b2c3d.deleting',
  '.nightly-ffffffff.00000000.deleting',
  'nightly-0a1b2c3d.old',
  'nightly-ffffffff',
]
export const beside = [
  ...emptyListing,
  ...neighbours.flatMap((name) => [`backups/products/${name}/`, `backups/products/${name}/manifest.json`]),
].toSorted()
export const whole = [...new Set([...storedListing, ...beside])].toSorted()

export async function deleteArtifact(
  work: Workplace,
  how?: How,
  changes?: Partial<DeleteArtifactConfig>,
): Promise<Ended> {
  return work.perform(work.deleteArtifactConfig(changes), how)
}

export async function expectGone(work: Workplace): Promise<void> {
  expect(await work.listing()).toEqual(beside)
}

export async function rewriteManifest(
  work: Workplace,
  change: (content: Record<string, unknown>) => unknown,
): Promise<void> {
  const path = join(work.final, 'manifest.json')
  const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await rm(path)
  await writeFile(path, JSON.stringify(change(content)))
}
