// The operator's image, from the project's real Dockerfile and what `npm run build` bundled; only its base is the test bed's own.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { silent } from '../cache.ts'
import type { Log } from '../cache.ts'
import { command } from '../command.ts'
import { systemPath } from '../prerequisites.ts'
import { cachedArchive, hashOf } from './image-archive.ts'
import { nodeBaseArchive } from './images.ts'

export const operatorImage = 'localhost/meili-operator:test'

export interface OperatorImageOptions {
  /** Holds the Dockerfile and dist/. */
  readonly context?: string
  readonly name?: string
  readonly log?: Log
}

async function fingerprint(context: string, base: string, name: string): Promise<string> {
  const hash = createHash('sha256').update(`${name}\n${base}\n`)
  hash.update(readFileSync(join(context, 'Dockerfile')))
  const dist = join(context, 'dist')
  for (const file of readdirSync(dist).toSorted()) hash.update(`${file} ${await hashOf(join(dist, file))}\n`)
  return hash.digest('hex').slice(0, 16)
}

/** Gives back the path of a docker archive of the operator; dist/ must be built already. */
export async function operatorArchive({ context = join(import.meta.dirname, '../../..'), name = operatorImage, log = silent }: OperatorImageOptions = {}): Promise<string> {
  for (const needed of ['Dockerfile', 'dist/operator.js', 'dist/mover.js']) {
    if (!existsSync(join(context, needed))) throw new Error(`${join(context, needed)} is missing, the operator's image is made of it: run "npm run build" first.`)
  }
  const base = await nodeBaseArchive(log)
  const key = await fingerprint(context, base, name)
  return cachedArchive({ title: name.replace(/^.*\//, '').replace(/:.*$/, ''), key, log }, async (work, archive) => {
    // A copy, so that a build that runs at the same time does not change files under the image.
    const copy = join(work, 'context')
    mkdirSync(copy)
    for (const file of ['Dockerfile', '.dockerignore', 'dist']) if (existsSync(join(context, file))) cpSync(join(context, file), join(copy, file), { recursive: true })
    const buildah = async (...args: string[]): Promise<string> =>
      command('buildah', ['--storage-driver', 'vfs', '--root', join(work, 'storage'), '--runroot', join(work, 'run'), ...args], {
        environment: { ...process.env, PATH: systemPath },
      })
    await buildah('bud', '--isolation', 'chroot', '--build-arg', `BASE=docker-archive:${base}`, '--tag', name, copy)
    await buildah('push', name, `docker-archive:${archive}:${name}`)
  })
}
