// The mover in one file, as the image carries it: it starts in a third of the time that its sources take.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown, type OutputOptions } from 'rolldown'
import programs from '../../rolldown.config.ts'

const root = join(import.meta.dirname, '../..')
/** Named after its content: kept from run to run, and shared by all that test the same sources. */
const folder = join(root, 'node_modules/.cache/mover')

let bundle: Promise<string> | undefined

/** The path of the program, bundled anew from the sources at the first call. */
export async function bundledMover(): Promise<string> {
  bundle ??= build()
  return bundle
}

async function build(): Promise<string> {
  const options = programs.find(({ input }) => input === 'src/mover/main.ts')
  if (options === undefined) throw new Error('rolldown.config.ts knows no mover')
  await using built = await rolldown({ ...options, cwd: root })
  const { output } = await built.generate({ ...(options.output as OutputOptions), sourcemap: false })
  const { code } = output[0]
  const path = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`)
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true })
    const fresh = `${path}.${process.pid}`
    await writeFile(fresh, code)
    await chmod(fresh, 0o644)
    await rename(fresh, path)
  }
  return path
}
