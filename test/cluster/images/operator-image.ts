// The operator's image, from the project's real Dockerfile and what `npm run build` bundled; only its base is the test cluster's own.
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { silent } from '../build/cache.ts'
import type { Log } from '../build/cache.ts'
import { command } from '../process/command.ts'
import { ownedDirectory } from '../process/owned-directory.ts'
import { systemPath } from '../build/prerequisites.ts'
import { cachedArchive, hashOf, imageDirectory } from './image-archive.ts'
import { nodeBaseArchive } from './images.ts'

export const operatorImage = 'localhost/meili-operator:test'

export interface OperatorImageOptions {
  /** Holds the Dockerfile and dist/. */
  readonly context?: string
  readonly name?: string
  readonly log?: Log
}

/** All that the Dockerfile copies, and itself. */
const contextFiles = [
  'Dockerfile',
  '.dockerignore',
  'LICENSE',
  'dist/operator.js',
  'dist/mover.js',
  'dist/sbom.cdx.json',
  'dist/third-party-licenses.txt',
] as const

async function fingerprint(context: string, base: string, name: string): Promise<string> {
  const hash = createHash('sha256').update(`${name}\n${base}\n`)
  for (const file of contextFiles) hash.update(`${file} ${await hashOf(join(context, file))}\n`)
  return hash.digest('hex').slice(0, 16)
}

/** A copy of what the Dockerfile needs, so that a build that runs at the same time does not change files under the image. */
export function copyContext(context: string, copy: string): void {
  for (const file of contextFiles) {
    if (!existsSync(join(context, file)))
      throw new Error(
        `${join(context, file)} is missing, the operator's image is made of it: run "npm run build" first.`,
      )
    cpSync(join(context, file), join(copy, file))
    // Whoever checked it out may have another umask; the image must not show it.
    chmodSync(join(copy, file), 0o644)
  }
}

export interface BuildRequest {
  readonly context: string
  readonly name: string
  /** Further arguments of `buildah bud`. */
  readonly args: readonly string[]
  /** An empty directory, on a disk with space for some copies of the image. */
  readonly work: string
  /** The docker archive to write. */
  readonly archive: string
}

export async function buildImage({ context, name, args, work, archive }: BuildRequest): Promise<void> {
  const storage = ['--storage-driver', 'vfs', '--root', join(work, 'storage'), '--runroot', join(work, 'run')]
  const buildah = async (...words: string[]): Promise<string> =>
    command('buildah', [...storage, ...words], { environment: { ...process.env, PATH: systemPath } })
  await buildah('bud', '--isolation', 'chroot', ...args, '--tag', name, context)
  await buildah('push', name, `docker-archive:${archive}:${name}`)
}

/** Gives back the path of a docker archive of the operator; dist/ must be built already. */
export async function operatorArchive({
  context = join(import.meta.dirname, '../../..'),
  name = operatorImage,
  log = silent,
}: OperatorImageOptions = {}): Promise<string> {
  const base = await nodeBaseArchive(log)
  const copy = ownedDirectory(imageDirectory, '.context')
  try {
    copyContext(context, copy)
    const key = await fingerprint(copy, base, name)
    return await cachedArchive(
      { title: name.replace(/^.*\//, '').replace(/:.*$/, ''), key, log },
      async (work, archive) =>
        buildImage({ context: copy, name, args: ['--build-arg', `BASE=docker-archive:${base}`], work, archive }),
    )
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
