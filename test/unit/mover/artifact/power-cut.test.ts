// The power goes at any call of a real run: whatever of the unflushed is lost, under the final name stands all of it or nothing,
// and the next run comes to the same end.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { storedListing, Workplace } from '../../../support/mover/mover.ts'
import { isWhole, PowerCut, type Survival, type SurvivingFile } from '../../../support/mover/record/power-cut.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'
import { callsIn, recordCalls, type Call } from '../../../support/mover/record/recorded-calls.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 })

/** Four blocks, the last one uneven. */
const archive = gzipSync(tarOf(snapshotEntries('1.21.0', randomBytes(3 * 1024 * 1024))), { level: 1 })
const name = 'data.ms.snapshot'
const names = ['SHA256SUMS', name, 'manifest.json']
const final = 'backups/products/nightly-0a1b2c3d'

/** A run that was recorded, and what it left. */
interface Run {
  readonly work: Workplace
  readonly calls: readonly Call[]
  readonly sizes: ReadonlyMap<string, number>
  readonly modes: ReadonlyMap<string, number>
  readonly unflushed: ConstructorParameters<typeof PowerCut>[2]
}

async function recordRun(isLink: boolean): Promise<Run> {
  const work = await Workplace.create(quickDirectory)
  const directory = join(work.destination, 'snapshots')
  const file = join(isLink ? directory : work.source, name)
  await mkdir(directory)
  await writeFile(file, archive, { mode: 0o444 })
  await utimes(file, 1_700_000_030.5, 1_700_000_030.5)
  const { ended, calls } = await recordCalls(
    work,
    isLink ? { config: { source: { directory, fileName: name }, mayLink: true } } : {},
  )
  expect(ended.code, ended.result.message).toBe(0)
  const states = await Promise.all(names.map(async (each) => [each, await stat(join(work.final, each))] as const))
  return {
    work,
    calls,
    sizes: new Map(states.map(([each, { size }]) => [each, size])),
    modes: new Map(states.map(([each, { mode }]) => [each, mode & 0o777])),
    unflushed: isLink ? [{ path: file, sizeBytes: archive.length, mode: 0o444 }] : [],
  }
}

let copied: Run
let linked: Run
beforeAll(async () => {
  copied = await recordRun(false)
  linked = await recordRun(true)
})
afterAll(async () => {
  await copied.work.remove()
  await linked.work.remove()
})

type Judgement = 'nothing' | 'whole' | 'a half'

function judge({ directories, files }: Survival, { sizes, modes }: Run): Judgement {
  if (!directories.includes(final) && !files.some(({ path }) => path === final)) return 'nothing'
  const there = files.filter(({ path }) => path.startsWith(`${final}/`))
  const isGood = (file: SurvivingFile): boolean => {
    const own = basename(file.path)
    return (
      file.becomes.endsWith(`${final}/${own}`) && file.mode === modes.get(own) && isWhole(file, sizes.get(own) ?? -1)
    )
  }
  return there.length === names.length && there.every(isGood) ? 'whole' : 'a half'
}

interface Verdict {
  readonly moments: number
  readonly states: number
  readonly halves: readonly Survival[]
  /** Survivals of a cut after the mover's last call: what it has promised by then. */
  readonly atTheEnd: ReadonlySet<Judgement>
  /** One of each kind. */
  readonly kinds: ReadonlyMap<string, Survival>
}

function cutAnywhere(
  run: Run,
  { calls = run.calls, samples = 6 }: { calls?: readonly Call[]; samples?: number } = {},
): Verdict {
  const cut = new PowerCut(run.work.destination, calls, run.unflushed)
  const moments = [...cut.moments(), Number.POSITIVE_INFINITY]
  const halves: Survival[] = []
  const atTheEnd = new Set<Judgement>()
  const kinds = new Map<string, Survival>()
  let states = 0
  for (const moment of moments) {
    for (const survival of cut.survivals(moment, samples)) {
      states++
      const judged = judge(survival, run)
      if (judged === 'a half') halves.push(survival)
      if (moment === Number.POSITIVE_INFINITY) atTheEnd.add(judged)
      kinds.set(kindOf(survival, run), survival)
    }
  }
  return { moments: moments.length, states, halves, atTheEnd, kinds }
}

/** What is there, and of each file whether it is whole, empty or something in between. */
function kindOf({ directories, files }: Survival, { sizes }: Run): string {
  const state = (file: SurvivingFile): string =>
    isWhole(file, sizes.get(basename(file.path)) ?? -1)
      ? 'whole'
      : file.kept.length === 0
        ? `lost${Math.sign(file.sizeBytes)}`
        : 'partial'
  return [...directories, ...files.map((file) => `${file.path}=${state(file)}`)].toSorted().join(' ')
}

describe.each([
  ['copies', () => copied],
  ['links', () => linked],
] as const)('a mover that %s', (_, run) => {
  test('leaves all or nothing under the final name, whatever the cut takes; and all, once it has said so', () => {
    const { moments, states, halves, atTheEnd } = cutAnywhere(run())
    console.log(
      `power cuts at ${moments} moments, ${states} surviving states, under the final name all or nothing in all of them`,
    )
    expect(states).toBeGreaterThan(1000)
    expect(halves.slice(0, 1)).toEqual([])
    expect([...atTheEnd]).toEqual(['whole'])
  })

  test('would be caught if it left any one file or directory unflushed', () => {
    const { calls } = run()
    const flushed = new Set(calls.filter((call) => call.name === 'fsync').map(({ paths: [path = ''] }) => path))
    expect(flushed.size).toBeGreaterThanOrEqual(6)
    for (const path of flushed) {
      const { halves, atTheEnd } = cutAnywhere(run(), {
        calls: calls.filter((call) => call.name !== 'fsync' || call.paths[0] !== path),
        samples: 0,
      })
      expect(halves.length > 0 || atTheEnd.has('nothing'), `without fsync of ${path}`).toBe(true)
    }
  })

  test('would be caught if it renamed before it had flushed the partial directory', () => {
    const { calls } = run()
    const rename = calls.findIndex((call) => call.name === 'rename')
    const flush = calls.findLastIndex((call, index) => index < rename && call.name === 'fsync')
    const swapped = calls.map((call, index) => {
      const other = index === rename ? calls[flush]! : index === flush ? calls[rename]! : call
      return {
        ...other,
        begin: call.begin,
        end: call.end,
        ...(index === rename ? { paths: [calls[rename]!.paths[1]!] } : {}),
      }
    })
    expect(cutAnywhere(run(), { calls: swapped, samples: 0 }).halves.length).toBeGreaterThan(0)
  })
})

/** Lays what survived onto a real directory, with the bytes that the real run wrote. */
async function lay({ directories, files }: Survival, to: Workplace): Promise<void> {
  for (const directory of directories) await mkdir(join(to.destination, directory))
  for (const { path, becomes, kept, sizeBytes, mode } of files) {
    const bytes = Buffer.alloc(sizeBytes)
    if (kept.length > 0) {
      const whole = await readFile(becomes)
      // Behind the end there is the padding of the last write.
      for (const { at, bytes: length } of kept) whole.copy(bytes, at, at, Math.min(at + length, whole.length))
    }
    await writeFile(join(to.destination, path), bytes)
    await chmod(join(to.destination, path), mode)
  }
}

test('after each kind of loss the next run ends with the same artifact, and nothing beside it', async () => {
  const kinds = [...cutAnywhere(copied).kinds.values()]
  console.log(`${kinds.length} kinds of surviving states, each met by another run of the mover`)
  expect(kinds.length).toBeGreaterThan(20)
  const sha256 = createHash('sha256').update(archive).digest('hex')
  const next = async (): Promise<void> => {
    for (let survival = kinds.pop(); survival !== undefined; survival = kinds.pop()) {
      const work = await Workplace.create(quickDirectory)
      try {
        await work.lay(archive)
        await lay(survival, work)
        const { code, result } = await work.run({ config: { attempt: '1-2' } })
        expect(code, `${result.message} ${JSON.stringify(survival)}`).toBe(0)
        expect(result.stored?.sha256).toBe(sha256)
        expect(await work.listing()).toEqual(storedListing)
        expect(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: work.final, encoding: 'utf8' })).toBe(
          `${name}: OK\nmanifest.json: OK\n`,
        )
      } finally {
        await work.remove()
      }
    }
  }
  await Promise.all([next(), next(), next()])
})

test('a call that another one interrupts in the record is read whole, from where it began to where it ended', () => {
  const lines = [
    '7 pwrite64(24</d/f>, ""..., 4096, 8192 <unfinished ...>',
    '8 fsync(22</d/f>) = 0',
    '7 <... pwrite64 resumed>) = 4096',
    '8 fsync(22</d/f>) = -1 EIO (Input/output error)',
  ]
  expect(callsIn(lines.join('\n'))).toEqual([
    { name: 'pwrite64', begin: 0, end: 2, nth: 1, paths: ['/d/f'], numbers: [4096, 8192], flags: '' },
    { name: 'fsync', begin: 1, end: 1, nth: 1, paths: ['/d/f'], numbers: [], flags: '' },
  ])
})
