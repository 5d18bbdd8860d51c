// The power goes at any call of a real run of the filler: whatever of the unflushed is lost, under the final name stands all of the database or
// nothing, and the next run comes to the same end.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { snapshotEntries, tarOf } from '../../../support/mover/archive-writer.ts'
import { Workplace } from '../../../support/mover/mover.ts'
import { isWhole, PowerCut, type Survival } from '../../../support/mover/record/power-cut.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'
import { recordCalls, type Call } from '../../../support/mover/record/recorded-calls.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 })

/** Two blocks, the last one uneven. */
const entries = snapshotEntries('1.21.0', randomBytes(1024 * 1024 + 5000))
const archive = gzipSync(tarOf(entries), { level: 1 })
const final = 'data.ms'

let work: Workplace
let calls: readonly Call[]
const sizes = new Map<string, number>()
const modes = new Map<string, number>()
const directories: string[] = []

beforeAll(async () => {
  work = await Workplace.create(quickDirectory)
  await work.lay(archive)
  const recorded = await recordCalls(work, { config: work.fillConfig() })
  expect(recorded.ended.code, recorded.ended.result.message).toBe(0)
  calls = recorded.calls
  for (const path of await readdir(work.destination, { recursive: true })) {
    const state = await stat(join(work.destination, path))
    if (state.isDirectory()) directories.push(path)
    if (!state.isFile()) continue
    sizes.set(path, state.size)
    modes.set(path, state.mode & 0o777)
  }
})
afterAll(async () => {
  await work.remove()
})

type Judgement = 'nothing' | 'whole' | 'a half'

function judge(survival: Survival): Judgement {
  if (!survival.directories.includes(final) && !survival.files.some(({ path }) => path === final)) return 'nothing'
  const there = survival.files.filter(({ path }) => path.startsWith(`${final}/`))
  const isGood =
    there.length === sizes.size &&
    directories.every((path) => survival.directories.includes(path)) &&
    there.every(
      (file) =>
        file.becomes === join(work.destination, file.path) &&
        file.mode === modes.get(file.path) &&
        isWhole(file, sizes.get(file.path) ?? -1),
    )
  return isGood ? 'whole' : 'a half'
}

interface Verdict {
  readonly states: number
  readonly half: Survival | undefined
  /** What can be there once the filler has said that it is done. */
  readonly atTheEnd: ReadonlySet<Judgement>
  /** One of each kind. */
  readonly kinds: ReadonlyMap<string, Survival>
}

function cutAnywhere(of: readonly Call[] = calls, samples = 3): Verdict {
  const cut = new PowerCut(work.destination, of)
  let half: Survival | undefined
  const atTheEnd = new Set<Judgement>()
  const kinds = new Map<string, Survival>()
  let states = 0
  for (const moment of [...cut.moments(), Number.POSITIVE_INFINITY]) {
    for (const survival of cut.survivals(moment, samples)) {
      states++
      const judged = judge(survival)
      if (judged === 'a half') half ??= survival
      if (moment === Number.POSITIVE_INFINITY) atTheEnd.add(judged)
      kinds.set(kindOf(survival), survival)
    }
  }
  return { states, half, atTheEnd, kinds }
}

function kindOf(survival: Survival): string {
  return [
    ...survival.directories,
    ...survival.files.map((file) => `${file.path}=${isWhole(file, sizes.get(file.path) ?? -1)} ${file.kept.length}`),
  ]
    .toSorted()
    .join(' ')
}

test('leaves all or nothing under the final name, whatever the cut takes; and all, once it has said so', () => {
  const { states, half, atTheEnd } = cutAnywhere()
  console.log(`${states} states that survive a power cut, under the final name all or nothing in all of them`)
  expect(states).toBeGreaterThan(1000)
  expect(half).toBeUndefined()
  expect([...atTheEnd]).toEqual(['whole'])
})

test('would be caught if it left any one file or directory unflushed', () => {
  const flushed = new Set(calls.filter(({ name }) => name === 'fsync').map(({ paths: [path = ''] }) => path))
  // Three files, three directories in it, the note, the partial directory, the destination.
  expect(flushed.size).toBeGreaterThanOrEqual(9)
  for (const path of flushed) {
    const without = calls.filter((call) => call.name !== 'fsync' || call.paths[0] !== path)
    const { half, atTheEnd } = cutAnywhere(without, 0)
    expect(half !== undefined || atTheEnd.has('nothing'), `without fsync of ${path}`).toBe(true)
  }
})

/** Lays what survived onto a real directory, with the bytes that the real run wrote. */
async function lay(survival: Survival, to: Workplace): Promise<void> {
  for (const directory of survival.directories) await mkdir(join(to.destination, directory))
  for (const { path, becomes, kept, sizeBytes, mode } of survival.files) {
    const bytes = Buffer.alloc(sizeBytes)
    const whole = kept.length > 0 ? await readFile(becomes) : Buffer.alloc(0)
    // Behind the end there is the padding of the last write.
    for (const { at, bytes: length } of kept) whole.copy(bytes, at, at, Math.min(at + length, whole.length))
    await writeFile(join(to.destination, path), bytes)
    await chmod(join(to.destination, path), mode)
  }
}

test('after losses of every kind the next run ends with the same database, and nothing beside it', async () => {
  const all = [...cutAnywhere().kinds.values()]
  const every = Math.ceil(all.length / 80)
  const kinds = all.filter((_, index) => index % every === 0)
  console.log(`${all.length} kinds of surviving states, ${kinds.length} of them met by another run of the filler`)
  expect(kinds.length).toBeGreaterThan(30)
  const listing = await work.listing()
  const next = async (): Promise<void> => {
    for (let survival = kinds.pop(); survival !== undefined; survival = kinds.pop()) {
      const again = await Workplace.create(quickDirectory)
      try {
        await again.lay(archive)
        await lay(survival, again)
        const { code, result } = await again.perform(again.fillConfig({ attempt: '2' }))
        expect(code, `${result.message} ${JSON.stringify(survival)}`).toBe(0)
        expect(await again.listing()).toEqual(listing)
        for (const { name, body } of entries.filter((entry) => entry.body !== undefined))
          expect((await readFile(join(again.destination, final, name))).equals(body!), name).toBe(true)
      } finally {
        await again.remove()
      }
    }
  }
  await Promise.all([next(), next(), next()])
})
