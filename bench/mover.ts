// npm run bench:mover [-- --json] [--gib 2] [--rounds 5] [--directory DIR]: how fast the mover stores a file, with its sha256, beside what people
// use for it, turn by turn: warm and cold page cache, with and without a memory limit. The last line is one JSON object with --json. Nothing is asserted.
import { execFile, execFileSync, type ChildProcess } from 'node:child_process'
import { rm, stat, utimes } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs, promisify } from 'node:util'
import { ensurePrerequisites, which } from '../test/cluster/build/prerequisites.ts'
import { Workplace } from '../test/support/mover/mover.ts'
import { writeArchive } from './objects/large-archive.ts'
import { MemoryLimit } from './measure/memory-limit.ts'
import { peakOfProcess } from './measure/process-memory.ts'
import { median, toHundredths, secondsOf } from './measure/figures.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    gib: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    directory: { type: 'string', default: tmpdir() },
  },
})
const rounds = Number(values.rounds)
const limitBytes = 256 * 1024 * 1024
const run = promisify(execFile)
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)
const load = (): number => toHundredths(loadavg()[0] ?? 0)

/** One way to get the file to the other side and onto the disk. */
interface Contender {
  readonly name: string
  /** Seconds. */
  readonly turn: (prefix: readonly string[]) => Promise<number>
}

interface Condition {
  readonly name: string
  readonly isWarm: boolean
  /** Undefined: the limit could not be made. */
  readonly prefix: readonly string[] | undefined
}

/** The whole process is timed, from its start to its end, as for the others. */
class Ours {
  readonly #work: Workplace
  peakBytes = 0

  constructor(work: Workplace) {
    this.#work = work
  }

  async turn(prefix: readonly string[], verification: 'None' | 'Archive'): Promise<number> {
    const { final } = this.#work
    await rm(final, { recursive: true, force: true })
    const watching: Promise<number>[] = []
    const meanwhile = (child: ChildProcess): void => void watching.push(peakOfProcess(child))
    const seconds = await secondsOf(async () => {
      const { code, result } = await this.#work.run({ prefix, meanwhile, config: { verification } })
      if (code !== 0) throw new Error(result.message)
      if (!result.message.startsWith('Stored:'))
        throw new Error(`This file system does not let the mover copy (${result.message}); choose another --directory.`)
    })
    this.peakBytes = Math.max(this.peakBytes, ...(await Promise.all(watching)))
    await rm(final, { recursive: true })
    return seconds
  }
}

function contenders(work: Workplace, ours: Ours): Contender[] {
  const target = join(work.destination, 'copy')
  const script = (name: string, text: string): Contender => ({
    name,
    turn: async (prefix) => {
      const [program, ...args] = [...prefix, 'sh', '-c', text, 'sh', work.file, target] as const
      const seconds = await secondsOf(() => run(program, args))
      await rm(target)
      return seconds
    },
  })
  return [
    script('cp + sync', 'cp "$1" "$2" && sync "$2"'),
    { name: 'ours, sha256', turn: (prefix) => ours.turn(prefix, 'None') },
    script('cp + sha256sum + sync', 'cp "$1" "$2" && sha256sum "$2" && sync "$2"'),
    ...(which('rsync') === undefined ? [] : [script('rsync + sync', 'rsync --whole-file "$1" "$2" && sync "$2"')]),
    { name: 'ours, and verified', turn: (prefix) => ours.turn(prefix, 'Archive') },
  ]
}

/** The source in the page cache, or not at all. What the last turn left to be written is on the disk: nobody pays for another. */
function prepare(file: string, isWarm: boolean): void {
  execFileSync('sync')
  if (isWarm) execFileSync('sh', ['-c', 'cat "$0" > /dev/null', file])
  else execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
}

function tryLimit(): MemoryLimit | string {
  try {
    return new MemoryLimit(limitBytes)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type Seconds = Map<string, number[]>

/** What nobody who hashes, or who reads the cold file, can be faster than: one core's sha256 of as many bytes, and the disk's own rate. */
const hashAlone =
  "const part = Buffer.alloc(2 ** 20); const hash = require('node:crypto').createHash('sha256'); for (let left = Number(process.argv[1]); left > 0; left -= part.length) hash.update(part); hash.digest()"

async function measureLimits(work: Workplace, seconds: Seconds): Promise<void> {
  const add = (name: string, taken: number): void => void seconds.set(name, [...(seconds.get(name) ?? []), taken])
  const { size } = await stat(work.file)
  add('sha256 alone', await secondsOf(() => run(process.execPath, ['-e', hashAlone, String(size)])))
  prepare(work.file, false)
  add(
    'cold read alone',
    await secondsOf(() => run('dd', [`if=${work.file}`, 'of=/dev/null', 'bs=1M', 'iflag=direct', 'status=none'])),
  )
}

interface Round {
  readonly seconds: Seconds
  readonly condition: Condition
  readonly number: number
}

/** Each round begins with another contender: what one leaves in memory makes the next one's turn easier or harder. */
async function measureRound(
  work: Workplace,
  ours: Ours,
  { seconds, condition: { name, isWarm, prefix = [] }, number }: Round,
): Promise<void> {
  const all = contenders(work, ours)
  const first = number % all.length
  for (const contender of [...all.slice(first), ...all.slice(0, first)]) {
    if (ended) throw new Error('ended by a signal')
    prepare(work.file, isWarm)
    const key = `${name}: ${contender.name}`
    seconds.set(key, [...(seconds.get(key) ?? []), await contender.turn(prefix)])
  }
}

async function measure(work: Workplace, conditions: readonly Condition[]): Promise<{ seconds: Seconds; ours: Ours }> {
  const ours = new Ours(work)
  const seconds: Seconds = new Map()
  const measurable = conditions.filter(({ prefix }) => prefix !== undefined)
  for (let round = 1; round <= rounds; round++) {
    await measureLimits(work, seconds)
    for (const condition of measurable) {
      await measureRound(work, ours, { seconds, condition, number: round })
      process.stderr.write(`  round ${round} of ${rounds}, ${condition.name}, load ${load()}\n`)
    }
  }
  return { seconds, ours }
}

function report(
  work: Workplace,
  { seconds, ours }: Awaited<ReturnType<typeof measure>>,
  conditions: readonly Condition[],
): Record<string, unknown> {
  const names = contenders(work, ours).map(({ name }) => name)
  const table: Record<string, Record<string, { seconds: number; ratio: number }> | string> = {}
  say(` ${''.padEnd(20)}${names.map((name) => name.padEnd(24)).join('')}`.trimEnd())
  for (const { name, prefix } of conditions) {
    const base = median(seconds.get(`${name}: cp + sync`) ?? [])
    const cells = names.map((contender) => {
      const taken = median(seconds.get(`${name}: ${contender}`) ?? [])
      return [contender, { seconds: toHundredths(taken), ratio: toHundredths(base / taken) }] as const
    })
    table[name] = prefix === undefined ? 'not measurable' : Object.fromEntries(cells)
    const row =
      prefix === undefined
        ? 'not measurable'
        : cells.map(([, cell]) => `${cell.ratio.toFixed(2)}   (${cell.seconds.toFixed(2)} s)`.padEnd(24)).join('')
    say(` ${name.padEnd(20)}${row}`.trimEnd())
  }
  const toHashing = (name: string): number =>
    median(seconds.get(`${name}: cp + sha256sum + sync`) ?? []) / median(seconds.get(`${name}: ours, sha256`) ?? [])
  const times = conditions
    .filter(({ prefix }) => prefix !== undefined)
    .map(({ name }) => `${name} ${toHashing(name).toFixed(2)}`)
  say(` ours / cp + sha256sum + sync: ${times.join(', ')}`)
  const limits = Object.fromEntries(
    ['sha256 alone', 'cold read alone'].map((name) => [name, toHundredths(median(seconds.get(name) ?? []))]),
  )
  say(
    ` limits of this machine: ${Object.entries(limits)
      .map(([name, taken]) => `${name} ${taken.toFixed(2)} s`)
      .join(', ')}`,
  )
  return { ...table, limits }
}

async function main(): Promise<void> {
  const loadBefore = load()
  // Without it, and without the right to install it, that column is missing.
  await ensurePrerequisites(say, ['rsync']).catch((error: unknown) => say(String(error)))
  const limit = tryLimit()
  const work = await Workplace.create(values.directory)
  try {
    await writeArchive(work.file, Number(values.gib) * 2 ** 30, '1.21.0')
    await utimes(work.file, 1_700_000_030.5, 1_700_000_030.5)
    const limited = typeof limit === 'string' ? undefined : limit.prefix
    const conditions: Condition[] = [
      { name: 'warm', isWarm: true, prefix: [] },
      { name: 'cold', isWarm: false, prefix: [] },
      { name: 'warm, 256 MiB', isWarm: true, prefix: limited },
      { name: 'cold, 256 MiB', isWarm: false, prefix: limited },
    ]
    const { size } = await stat(work.file)
    const measured = await measure(work, conditions)
    const peakMiB = toHundredths(measured.ours.peakBytes / 2 ** 20)
    say(
      ` speed, cp + sync = 1 (median seconds of ${rounds} rounds, ${(size / 2 ** 30).toFixed(2)} GiB, ${availableParallelism()} cores, load ${loadBefore} before and ${load()} after)`,
    )
    const speed = report(work, measured, conditions)
    if (typeof limit === 'string') say(` no memory limit: ${limit}`)
    say(
      ` goals: ours at least 0.95, and 1.00 with 256 MiB; ours at least 4 × cp + sha256sum + sync; memory at most 96 MB`,
    )
    say(` memory of ours (VmHWM, the highest of all turns): ${peakMiB} MiB`)
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ sizeBytes: size, rounds, load: { before: loadBefore, after: load() }, speed, peakMiB })}\n`,
      )
  } finally {
    await work.remove()
    if (typeof limit !== 'string') limit[Symbol.dispose]()
  }
}

/** What was made is removed first. */
let ended = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (ended = true))

await main()
