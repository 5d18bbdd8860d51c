// The chart as Helm packs it, packed again so that the same chart is the same bytes: Helm writes the time of the build into every entry.
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ensureBinaries } from '../test/cluster/build/binaries.ts'
import type { Log } from '../test/cluster/build/cache.ts'
import { command } from '../test/cluster/process/command.ts'
import { gzip, tar } from './archive.ts'

export interface ChartRequest {
  readonly root: string
  /** Where the release's image lies, without a tag. */
  readonly repository: string
  readonly time: number
  /** An empty directory. */
  readonly work: string
  /** Where the package goes, under the name that Helm gives it. */
  readonly directory: string
  readonly log: Log
}

/** Gives back a text in which one thing stands for another; it must be there exactly so many times. */
export function replaceExactly(text: string, [from, to]: readonly [string, string], times: number): string {
  const found = text.split(from).length - 1
  if (found !== times)
    throw new Error(
      `"${from}" was looked for ${times} times and found ${found} times: the release would name another image than it brings.`,
    )
  return text.replaceAll(from, to)
}

/** Where the chart looks for the image when nothing else is said. */
export function chartRepository(root: string): string {
  const values = readFileSync(join(root, 'charts/meili-operator/values.yaml'), 'utf8')
  const found = /^image:\n(?: .*\n)*? {2}repository: (\S+)$/m.exec(values)?.[1]
  if (found === undefined) throw new Error('charts/meili-operator/values.yaml has no image.repository.')
  return found
}

export async function writeChart({ root, repository, time, work, directory, log }: ChartRequest): Promise<void> {
  const chart = join(work, 'meili-operator')
  cpSync(join(root, 'charts/meili-operator'), chart, { recursive: true })
  const values = join(chart, 'values.yaml')
  const usual = `  repository: ${chartRepository(root)}\n`
  writeFileSync(values, replaceExactly(readFileSync(values, 'utf8'), [usual, `  repository: ${repository}\n`], 1))
  const { helm } = await ensureBinaries(['helm'], log)
  const packed = join(work, 'packed')
  const unpacked = join(work, 'unpacked')
  for (const folder of [packed, unpacked]) mkdirSync(folder)
  await command(helm, ['package', chart, '--destination', packed])
  for (const name of readdirSync(packed)) {
    await command('tar', ['--extract', '--gzip', '--file', join(packed, name), '--directory', unpacked])
    const file = join(work, basename(name, '.tgz'))
    await tar({ file, directory: unpacked, names: readdirSync(unpacked).toSorted(), time })
    await gzip(file, join(directory, name))
  }
}
