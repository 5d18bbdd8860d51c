// npm run bench:restore [-- --json] [--gib 2] [--rounds 3] [--directory DIR]: how fast the filler makes a database directory of a snapshot, beside
// tar by hand and beside Meilisearch's own import, turn by turn, with and without a memory limit. The last line is one JSON object with --json.
// Nothing is asserted.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { freePorts } from '../test/cluster/process/free-ports.ts'
import { Meilisearches } from '../test/support/meilisearch/process.ts'
import { Workplace } from '../test/support/mover/mover.ts'
import { median, secondsOf, toHundredths } from './measure/figures.ts'
import { MemoryLimit } from './measure/memory-limit.ts'
import { peakOfProcess } from './measure/process-memory.ts'
import { writeArchive } from './objects/large-archive.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    gib: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    directory: { type: 'string', default: tmpdir() },
  },
})
const rounds = Number(values.rounds)
const limitBytes = 256 * 1024 * 1024
const run = promisify(execFile)
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)
const load = (): number => toHundredths(loadavg()[0] ?? 0)

/** Of each way its seconds, under the conditions. */
type Seconds = Map<string, number[]>

interface Bench {
  readonly work: Workplace
  readonly program: string
  /** Of the one large file in the archive. */
  readonly databaseBytes: number
  readonly seconds: Seconds
  peakBytes: number
}

type Way = (bench: Bench, prefix: readonly string[]) => Promise<Record<string, number>>

/** The whole process is timed, from its start to its end, and all is on the disk then. */
const ways: Readonly<Record<string, Way>> = {
  tar: async ({ work }, prefix) => {
    const text = 'mkdir "$2" && tar -xzf "$1" -C "$2" && find "$2" -exec sync {} +'
    const target = join(work.destination, 'tar')
    const [program, ...args] = [...prefix, 'sh', '-c', text, 'sh', work.file, target] as const
    return { 'tar -xzf + sync': await secondsOf(() => run(program, args)) }
  },
  ours: async (bench, prefix) => {
    const config = { ...fillConfig, uncompressedBytes: bench.databaseBytes * 2 }
    return { 'ours, with its manifest': await fill(bench, { prefix, config }) }
  },
  twice: async (bench, prefix) => ({ 'ours, a bare file': await fill(bench, { prefix, config: fillConfig }) }),
  engine: (bench, prefix) => importByEngine(bench, prefix),
}

/** Made once: it hashes the archive. */
let fillConfig: ReturnType<Workplace['fillConfig']>

async function fill(
  bench: Bench,
  { prefix, config }: { prefix: readonly string[]; config: typeof fillConfig },
): Promise<number> {
  const watching: Promise<number>[] = []
  const meanwhile = (child: ChildProcess): void => void watching.push(peakOfProcess(child))
  const seconds = await secondsOf(async () => {
    const { code, result } = await bench.work.perform(config, { prefix, meanwhile })
    if (code !== 0) throw new Error(result.message)
  })
  bench.peakBytes = Math.max(bench.peakBytes, ...(await Promise.all(watching)))
  return seconds
}

/** What it unpacks is no database that it could open: it is stopped once the last byte is written, which it would not flush. */
async function importByEngine(
  { work, program, databaseBytes }: Bench,
  prefix: readonly string[],
): Promise<Record<string, number>> {
  const [port] = await freePorts()
  const database = join(work.destination, 'engine')
  const [first, ...more] = [...prefix, program, '--db-path', database, '--import-snapshot', work.file]
  const begin = performance.now()
  const engine = spawn(first, [...more, '--http-addr', `127.0.0.1:${port}`, '--no-analytics'], {
    cwd: work.destination,
    stdio: 'ignore',
  })
  const file = join(database, 'tasks/data.mdb')
  try {
    while ((await stat(file).catch(() => undefined))?.size !== databaseBytes) {
      if (engine.exitCode !== null) throw new Error(`Meilisearch ended with ${engine.exitCode}`)
      await pause(10)
    }
    engine.kill('SIGSTOP')
    const unpacked = (performance.now() - begin) / 1000
    await run('sync', [file])
    return { 'its import': unpacked, 'its import + sync': (performance.now() - begin) / 1000 }
  } finally {
    engine.kill('SIGKILL')
    await new Promise((resolve) =>
      (engine.exitCode ?? engine.signalCode) === null ? engine.once('exit', resolve) : resolve(undefined),
    )
  }
}

/** The archive in the page cache, and what the last turn left on the disk: nobody pays for another. */
async function prepare({ work }: Bench): Promise<void> {
  await rm(work.destination, { recursive: true, force: true })
  await mkdir(work.destination)
  execFileSync('sync')
  execFileSync('sh', ['-c', 'cat "$0" > /dev/null', work.file])
}

/** Each round begins with another way: what one leaves in memory makes the next one's turn easier or harder. */
async function measureRound(bench: Bench, number: number, conditions: Conditions): Promise<void> {
  const all = Object.values(ways)
  const first = number % all.length
  for (const [condition, prefix] of Object.entries(conditions)) {
    for (const way of [...all.slice(first), ...all.slice(0, first)]) {
      await prepare(bench)
      for (const [name, taken] of Object.entries(await way(bench, prefix))) {
        const key = `${condition}: ${name}`
        bench.seconds.set(key, [...(bench.seconds.get(key) ?? []), taken])
      }
      if (ended) throw new Error('ended by a signal')
    }
    process.stderr.write(`  round ${number} of ${rounds}, ${condition}, load ${load()}\n`)
  }
}

type Conditions = Readonly<Record<string, readonly string[]>>

function report({ seconds }: Bench, conditions: Conditions): Record<string, Record<string, number>> {
  const names = [...new Set([...seconds.keys()].map((key) => key.slice(key.indexOf(': ') + 2)))].toSorted()
  const table: Record<string, Record<string, number>> = {}
  say(` ${''.padEnd(16)}${names.map((name) => name.padEnd(26)).join('')}`.trimEnd())
  for (const condition of Object.keys(conditions)) {
    const taken = Object.fromEntries(names.map((name) => [name, median(seconds.get(`${condition}: ${name}`) ?? [])]))
    const faster = Math.min(taken['tar -xzf + sync'] ?? 0, taken['its import + sync'] ?? 0)
    const cells = names.map(
      (name) => `${(faster / (taken[name] ?? 0)).toFixed(2)}   (${(taken[name] ?? 0).toFixed(2)} s)`,
    )
    say(` ${condition.padEnd(16)}${cells.map((cell) => cell.padEnd(26)).join('')}`.trimEnd())
    table[condition] = Object.fromEntries(names.map((name) => [name, toHundredths(taken[name] ?? 0)]))
  }
  return table
}

function tryLimit(): MemoryLimit | undefined {
  try {
    return new MemoryLimit(limitBytes)
  } catch (error) {
    say(` no memory limit: ${String(error)}`)
    return undefined
  }
}

async function main(): Promise<void> {
  const loadBefore = load()
  const limit = tryLimit()
  const work = await Workplace.create(values.directory)
  try {
    await using servers = new Meilisearches()
    const { program } = servers
    const databaseBytes = await writeArchive(work.file, Number(values.gib) * 2 ** 30, '1.21.0')
    const { size } = await stat(work.file)
    const sha256 = (await run('sha256sum', [work.file])).stdout.slice(0, 64)
    fillConfig = { ...work.fillConfigOf({ sizeBytes: size, sha256 }), deadlineSeconds: 3600 }
    const bench: Bench = { work, program, databaseBytes, seconds: new Map(), peakBytes: 0 }
    const conditions: Conditions = { warm: [], ...(limit === undefined ? {} : { 'warm, 256 MiB': limit.prefix }) }
    for (let round = 1; round <= rounds; round++) await measureRound(bench, round, conditions)
    const sizes = `${(size / 2 ** 30).toFixed(2)} GiB, ${(databaseBytes / 2 ** 30).toFixed(2)} GiB unpacked`
    say(
      ` speed, the faster one of tar + sync and import + sync = 1 (median seconds of ${rounds} rounds, ${sizes}, ${availableParallelism()} cores, load ${loadBefore} before and ${load()} after)`,
    )
    const speed = report(bench, conditions)
    const peakMiB = toHundredths(bench.peakBytes / 2 ** 20)
    say(` goals: ours at least 1; memory at most 128 MiB`)
    say(` memory of ours (VmHWM, the highest of all turns): ${peakMiB} MiB`)
    const figures = {
      sizeBytes: size,
      databaseBytes,
      rounds,
      load: { before: loadBefore, after: load() },
      speed,
      peakMiB,
    }
    if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  } finally {
    await work.remove()
    limit?.[Symbol.dispose]()
  }
}

let ended = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (ended = true))

await main()
