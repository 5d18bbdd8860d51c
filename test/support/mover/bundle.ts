// The mover in one file, as the image carries it: it starts in a third of the time that its sources take. The plugin likewise, as users run it.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OutputOptions } from 'rolldown'

const root = join(import.meta.dirname, '../../..')
const folder = join(root, 'node_modules/.cache/mover')

let mover: Promise<string> | undefined
let plugin: Promise<string> | undefined

/** The path of the program, made from the sources as they are at the first call. */
export async function bundledMover(): Promise<string> {
  mover ??= build('src/mover/main.ts', 'mjs')
  return mover
}

export async function bundledPlugin(): Promise<string> {
  plugin ??= build('src/cli/main.ts', 'cjs')
  return plugin
}

/** Named after all that it may be made from: kept from run to run, and shared by all that test the same sources. */
async function build(program: string, extension: 'mjs' | 'cjs'): Promise<string> {
  const path = join(folder, `${await fingerprint()}.${extension}`)
  if (existsSync(path)) return path
  const { rolldown } = await import('rolldown')
  const { default: programs } = await import('../../../rolldown.config.ts')
  const options = programs.find(({ input }) => input === program)
  if (options === undefined) throw new Error(`rolldown.config.ts knows no ${program}`)
  await using built = await rolldown({ ...options, cwd: root })
  const { output } = await built.generate({ ...(options.output as OutputOptions), sourcemap: false })
  await mkdir(folder, { recursive: true })
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, output[0].code)
  await rename(fresh, path)
  return path
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  const sources = (await readdir(join(root, 'src'), { recursive: true }))
    .filter((name) => /\.(ts|json)$/.test(name))
    .toSorted()
  for (const name of [
    ...sources.map((each) => join('src', each)),
    'rolldown.config.ts',
    'package.json',
    'package-lock.json',
  ]) {
    hash.update(`${name}\0`).update(await readFile(join(root, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
