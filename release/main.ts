// `npm run release`: builds every file of a release into dist/release and prints them. docs/releasing.md says what each is and how to publish it.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { platforms } from './image/image.ts'
import type { Platform } from './image/image.ts'
import { release } from './release.ts'
import type { ReleasedFile, ReleaseOptions } from './release.ts'

const usage = `npm run release -- [options]
  --image NAME         where the image will lie, without a tag: chart and install.yaml name it
  --base IMAGE         build on this image (Node 24 at /nodejs/bin/node) in place of one made from Debian and npm
  --platform PLATFORM  ${Object.keys(platforms).join(' or ')}; both, unless said; may be repeated
  --cached             make the base of what an earlier run has fetched, without a look for newer packages
  --dirty              allow changes that are in no commit
  --out DIRECTORY      dist/release, unless said; what is in it is replaced
`

const isPlatform = (word: string): word is Platform => Object.hasOwn(platforms, word)

function optionsOf(words: readonly string[]): ReleaseOptions | undefined {
  const root = join(import.meta.dirname, '..')
  const { values } = parseArgs({
    args: [...words],
    options: {
      image: { type: 'string' },
      base: { type: 'string' },
      platform: { type: 'string', multiple: true, default: Object.keys(platforms) },
      out: { type: 'string', default: join(root, 'dist/release') },
      cached: { type: 'boolean', default: false },
      dirty: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const chosen = values.platform.filter(isPlatform)
  const strange = values.platform.filter((word) => !isPlatform(word))
  if (strange.length > 0) throw new Error(`There is no image for ${strange.join(', ')}.\n${usage}`)
  const { image, base, cached, dirty } = values
  return {
    root,
    out: resolve(values.out),
    platforms: chosen,
    image,
    base,
    cached,
    dirty,
    log: (line) => process.stderr.write(`${line}\n`),
  }
}

function table(files: readonly ReleasedFile[]): string {
  const width = Math.max(...files.map(({ name }) => name.length))
  const size = (bytes: number): string =>
    bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  return files
    .map(({ name, bytes, sha256 }) => ` ${name.padEnd(width)}  ${size(bytes).padStart(10)}  ${sha256.slice(0, 16)}…\n`)
    .join('')
}

// Modes of files must not depend on who builds.
process.umask(0o022)
try {
  const options = optionsOf(process.argv.slice(2))
  if (options === undefined) process.stdout.write(usage)
  else {
    const begin = performance.now()
    const files = await release(options)
    process.stdout.write(
      `${options.out}\n${table(files)} made in ${Math.round((performance.now() - begin) / 1000)} s\n`,
    )
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
