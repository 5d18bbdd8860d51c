// Makes all files of a release in one directory: the same commit and the same base give the same bytes, wherever and whenever.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../test/cluster/build/cache.ts'
import { command } from '../test/cluster/process/command.ts'
import { hashOf } from '../test/cluster/images/image-archive.ts'
import { ensurePrerequisites } from '../test/cluster/build/prerequisites.ts'
import { releaseBase } from './image/base.ts'
import type { Base } from './image/base.ts'
import { chartRepository, replaceExactly, writeChart } from './chart.ts'
import { imagePrograms, licenseFile, sbomOf } from './describe.ts'
import { platforms, rfc3339, writeImage } from './image/image.ts'
import type { Platform } from './image/image.ts'
import { sourceOf } from './source.ts'

export interface ReleaseOptions {
  readonly root: string
  readonly out: string
  readonly platforms: readonly Platform[]
  /** Where the image will lie, without a tag; what the chart says, where it is undefined. */
  readonly image: string | undefined
  /** An image with Node at /nodejs/bin/node; one is made, where it is undefined. */
  readonly base: string | undefined
  /** Make the base of what an earlier run has fetched. */
  readonly cached: boolean
  readonly dirty: boolean
  readonly log: Log
}

export interface ReleasedFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

async function baseOf({ root, base, cached, log }: ReleaseOptions, platform: Platform): Promise<Base> {
  if (base !== undefined) return { reference: base, name: base, description: base, components: [] }
  return releaseBase(root, { architecture: platforms[platform], cached, log })
}

/** The manifests, for an image that lies elsewhere. */
function writeManifests(root: string, directory: string, [usual, image]: readonly [string, string]): void {
  const install = readFileSync(join(root, 'install.yaml'), 'utf8')
  writeFileSync(join(directory, 'install.yaml'), replaceExactly(install, [`image: ${usual}\n`, `image: ${image}\n`], 1))
  copyFileSync(join(root, 'install-streaming.yaml'), join(directory, 'install-streaming.yaml'))
  const crds = readdirSync(join(root, 'crds'))
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
  writeFileSync(
    join(directory, 'crds.yaml'),
    crds.map((name) => readFileSync(join(root, 'crds', name), 'utf8')).join('---\n'),
  )
}

async function listFiles(directory: string): Promise<readonly ReleasedFile[]> {
  const names = readdirSync(directory).toSorted()
  return Promise.all(
    names.map(async (name) => ({
      name,
      bytes: statSync(join(directory, name)).size,
      sha256: await hashOf(join(directory, name)),
    })),
  )
}

async function writeAll(options: ReleaseOptions, work: string, directory: string): Promise<void> {
  const { root, log } = options
  const { revision, time } = await sourceOf(root, options.dirty)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  const usual = chartRepository(root)
  const repository = options.image ?? usual
  const makeDirectory = (name: string): string => {
    mkdirSync(join(work, name), { recursive: true })
    return join(work, name)
  }
  log('bundling the programs')
  await command('npm', ['run', '--silent', 'build'], { cwd: root })
  const bases = new Map<Platform, Base>()
  for (const platform of options.platforms) bases.set(platform, await baseOf(options, platform))
  const created = rfc3339(time)
  for (const [platform, base] of bases) {
    log(`image for ${platform}`)
    const title = platform.replace('/', '-')
    const file = join(directory, `meili-operator-${version}-image-${title}`)
    const sbom = sbomOf(root, { programs: imagePrograms, base: base.components, created })
    writeFileSync(`${file}.cdx.json`, sbom)
    await writeImage({
      root,
      platform,
      name: `${repository}:${version}`,
      version,
      base,
      revision,
      time,
      sbom,
      work: makeDirectory(title),
      file: `${file}.tar.gz`,
    })
  }
  log('chart')
  await writeChart({ root, repository, time, work: makeDirectory('chart'), directory, log })
  writeManifests(root, directory, [`${usual}:${version}`, `${repository}:${version}`])
  cpSync(join(root, 'dist/kubectl-meili.cjs'), join(directory, 'kubectl-meili.cjs'))
  writeFileSync(join(directory, 'kubectl-meili.cdx.json'), sbomOf(root, { programs: ['kubectl-meili.cjs'], created }))
  for (const [from, to] of [
    [`dist/${licenseFile}`, licenseFile],
    ['LICENSE', 'LICENSE'],
  ] as const)
    copyFileSync(join(root, from), join(directory, to))
}

/** Gives back what lies in the directory then. It is replaced as a whole, or left as it was. */
export async function release(options: ReleaseOptions): Promise<readonly ReleasedFile[]> {
  await ensurePrerequisites(options.log, ['tar', 'buildah'])
  const work = `${options.out}.work`
  const directory = join(work, 'files')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  try {
    await writeAll(options, work, directory)
    const sums = (await listFiles(directory)).map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
    writeFileSync(join(directory, 'SHA256SUMS'), sums)
    rmSync(options.out, { recursive: true, force: true })
    renameSync(directory, options.out)
    return await listFiles(options.out)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
