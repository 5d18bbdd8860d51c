// Makes container images without a container engine: one layer of listed files, packed as a docker archive and kept by the hash of its content.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory } from '../build/cache.ts'
import type { Log } from '../build/cache.ts'
import { command } from '../process/command.ts'
import { ownedDirectory } from '../process/owned-directory.ts'

export const imageDirectory = join(cacheDirectory, 'images')

/** What lies at one absolute path of the image. */
export type Entry =
  | { readonly path: string; readonly from: string; readonly mode?: number }
  | { readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly mode: number }

export interface ImageSpec {
  /** Short name of the archive in the cache. */
  readonly title: string
  /** The full name under which the node knows the image. */
  readonly name: string
  readonly entries: readonly Entry[]
  /** Entrypoint, Cmd, Env, User, WorkingDir … as in an image's config. */
  readonly config: Readonly<Record<string, unknown>>
  /** Of its programs; amd64 where nothing else is said. */
  readonly architecture?: Architecture
}

export type Architecture = 'amd64' | 'arm64'

export async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** A program with the shared libraries it is linked to, each at the path where the loader looks for it. */
export async function programWithLibraries(path: string, from: string): Promise<readonly Entry[]> {
  const listing = await command('ldd', [realpathSync(from)]).catch(() => '')
  const libraries = [...listing.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1] ?? '')
  return [
    { path, from: realpathSync(from), mode: 0o755 },
    ...libraries.map((library) => ({ path: library, from: realpathSync(library), mode: 0o755 })),
  ]
}

async function fingerprint(spec: ImageSpec): Promise<string> {
  // What lies where, not where it came from.
  const hash = createHash('sha256').update(JSON.stringify(spec, (key, value: unknown) => (key === 'from' ? '' : value)))
  for (const entry of spec.entries) if ('from' in entry) hash.update(await hashOf(entry.from))
  return hash.digest('hex').slice(0, 16)
}

function writeEntry(root: string, entry: Entry): void {
  const target = join(root, entry.path)
  mkdirSync(dirname(target), { recursive: true })
  if ('link' in entry) return symlinkSync(entry.link, target)
  if ('from' in entry) copyFileSync(entry.from, target)
  else if ('text' in entry) writeFileSync(target, entry.text)
  else mkdirSync(target, { recursive: true })
  // Set apart from writing: the process' umask must not count.
  chmodSync(target, entry.mode ?? 0o644)
}

const tar = async (file: string, directory: string, names: readonly string[]): Promise<string> =>
  command('tar', [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '-cf',
    file,
    '-C',
    directory,
    ...names,
  ])

async function pack(spec: ImageSpec, work: string, archive: string): Promise<void> {
  const root = join(work, 'root')
  mkdirSync(root)
  const entries = new Map(spec.entries.map((entry) => [entry.path, entry]))
  for (const entry of entries.values()) writeEntry(root, entry)
  await tar(join(work, 'layer.tar'), root, ['.'])
  const config = {
    architecture: spec.architecture ?? 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: spec.config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${await hashOf(join(work, 'layer.tar'))}`] },
    history: [{ created: '1970-01-01T00:00:00Z', comment: spec.title }],
  }
  writeFileSync(join(work, 'config.json'), JSON.stringify(config))
  writeFileSync(
    join(work, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [spec.name], Layers: ['layer.tar'] }]),
  )
  await tar(archive, work, ['manifest.json', 'config.json', 'layer.tar'])
}

export interface ArchiveRequest {
  readonly title: string
  readonly key: string
  readonly log: Log
}

/** Gives back the archive of this key from the cache, or lets it be made; older ones of the same title are removed. */
export async function cachedArchive(
  { title, key, log }: ArchiveRequest,
  make: (work: string, archive: string) => Promise<void>,
): Promise<string> {
  const archive = join(imageDirectory, `${title}-${key}.tar`)
  if (existsSync(archive)) return archive
  const start = Date.now()
  const work = ownedDirectory(imageDirectory, '.work')
  try {
    await make(work, join(work, 'archive.tar'))
    const old = readdirSync(imageDirectory).filter((name) => name.startsWith(`${title}-`) && name.endsWith('.tar'))
    renameSync(join(work, 'archive.tar'), archive)
    for (const name of old) rmSync(join(imageDirectory, name), { force: true })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  log(`made image ${title} in ${((Date.now() - start) / 1000).toFixed(1)} s`)
  return archive
}

/** Gives back the path of a docker archive that holds the image. */
export async function imageArchive(spec: ImageSpec, log: Log): Promise<string> {
  return cachedArchive({ title: spec.title, key: await fingerprint(spec), log }, async (work, archive) =>
    pack(spec, work, archive),
  )
}
