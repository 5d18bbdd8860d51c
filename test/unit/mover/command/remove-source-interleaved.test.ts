// `removeSource` against all that Meilisearch and a killer can do between any two of its steps, on a real directory. Its calls go through
// here: before each one the world may change, or the run may die, which means that none of its later calls takes effect.
import fs, { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { RemoveSourceConfig } from '../../../../src/mover/contract.ts'
import { removeSource } from '../../../../src/mover/command/remove-source.ts'
import { formatTime } from '../../../../src/mover/source/rfc3339.ts'
import { quickDirectory } from '../../../support/mover/quick-directory.ts'

const steps = vi.hoisted(() => ({ before: (_call: string, _target: string): void => undefined }))

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>()
  const followed = ['openSync', 'fstatSync', 'lstatSync', 'linkSync', 'renameSync', 'unlinkSync', 'fsyncSync'] as const
  const hooked = followed.map((call) => [
    call,
    (...args: unknown[]): unknown => {
      steps.before(call, String(args.at(call === 'linkSync' || call === 'renameSync' ? 1 : 0)))
      return (real[call] as (...all: unknown[]) => unknown)(...args)
    },
  ])
  return { ...real, ...(Object.fromEntries(hooked) as object) }
})

/** What happens before the nth call of a run: snapshots that Meilisearch puts into place, and perhaps the end of the run. */
interface Moment {
  readonly step: number
  readonly newer: number
  readonly kill: boolean
}

const moment = fc.record({ step: fc.nat(18), newer: fc.nat(2), kill: fc.boolean() })
const runs = fc.array(fc.record({ newerBefore: fc.nat({ max: 1 }), moments: fc.array(moment, { maxLength: 5 }) }), {
  maxLength: 4,
})

/** The snapshot directory, and Meilisearch's side of it. */
class World {
  readonly directory = mkdtempSync(join(quickDirectory, 'remove-source-'))
  readonly file = join(this.directory, 'data.ms.snapshot')
  readonly config: RemoveSourceConfig
  readonly #step: number
  readonly #given = new Set<string>()
  #newest = 0

  /** `clockStep`: seconds from one snapshot to the next on the server's clock. */
  constructor(clockStep: number) {
    this.#step = clockStep
    this.persist()
    fs.writeFileSync(join(this.directory, '.tmpOther'), 'other')
    const { ino, size, mtimeNs } = fs.statSync(this.file, { bigint: true })
    this.config = {
      command: 'removeSource',
      object: { uid: '0a1b2c3d-1111', namespace: 'shop', name: 'nightly' },
      source: { directory: this.directory, fileName: 'data.ms.snapshot' },
      stored: { inode: String(ino), sizeBytes: Number(size), modifiedAt: formatTime(mtimeNs) },
      deadlineSeconds: 60,
    }
  }

  /** As Meilisearch does it. These calls of `fs` are the real ones: only named imports are followed. */
  persist(): void {
    const temporary = join(this.directory, '.tmpNew')
    fs.writeFileSync(temporary, `snapshot ${++this.#newest}`)
    const time = 1_700_000_000 + this.#newest * this.#step
    fs.utimesSync(temporary, time, time)
    fs.renameSync(temporary, this.file)
  }

  get newest(): string | undefined {
    return this.#newest === 1 ? undefined : `snapshot ${this.#newest}`
  }

  contents(): Map<string, string> {
    return new Map(
      fs.readdirSync(this.directory).map((name) => [name, fs.readFileSync(join(this.directory, name), 'utf8')]),
    )
  }

  /** A name of ours is given once: what a run finds under it can then never change, whoever else is at work. */
  expectUnused(target: string): void {
    const name = target.slice(target.lastIndexOf('/') + 1)
    if (!name.startsWith('.removing-')) return
    expect(this.#given).not.toContain(name)
    this.#given.add(name)
  }

  /** The newest snapshot is somewhere, at every moment. */
  expectNothingLost(): void {
    if (this.newest !== undefined) expect([...this.contents().values()]).toContain(this.newest)
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true })
  }
}

async function run(world: World, moments: readonly Moment[]): Promise<'ended' | 'killed'> {
  let step = 0
  let dead = false
  steps.before = (call, target) => {
    for (const { newer, kill } of moments.filter((each) => each.step === step && !dead)) {
      for (let count = 0; count < newer; count++) world.persist()
      dead ||= kill
    }
    world.expectNothingLost()
    step++
    if (dead) throw new Error('killed')
    if (call === 'linkSync' || call === 'renameSync') world.expectUnused(target)
  }
  try {
    await removeSource(world.config)
    return 'ended'
  } catch (error) {
    if (!dead) throw error
    return 'killed'
  } finally {
    steps.before = () => undefined
    world.expectNothingLost()
  }
}

async function history(
  world: World,
  all: readonly { newerBefore: number; moments: readonly Moment[] }[],
): Promise<void> {
  for (const { newerBefore, moments } of all) {
    for (let count = 0; count < newerBefore; count++) world.persist()
    await run(world, moments)
  }
  expect(await run(world, [])).toBe('ended')
}

test('whatever comes between its steps, in the end the newest snapshot lies under its name, the stored one is gone, and nothing else is touched', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (all) => {
      const world = new World(1)
      try {
        await history(world, all)
        const { newest } = world
        expect(world.contents()).toEqual(
          new Map([['.tmpOther', 'other'], ...(newest === undefined ? [] : [['data.ms.snapshot', newest] as const])]),
        )
      } finally {
        world.remove()
      }
    }),
    { numRuns: 1000 },
  )
})

test('with a clock that runs backwards the newest snapshot is still somewhere, and the stored one is gone', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (all) => {
      const world = new World(-1)
      try {
        await history(world, all)
        world.expectNothingLost()
        expect([...world.contents().values()]).not.toContain('snapshot 1')
      } finally {
        world.remove()
      }
    }),
    { numRuns: 300 },
  )
})

test('an error while what was caught is looked at does not leave it aside', async () => {
  const world = new World(1)
  let renamed = false
  steps.before = (call) => {
    if (call === 'renameSync') world.persist()
    if (call === 'openSync' && renamed) throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 })
    renamed ||= call === 'renameSync'
  }
  try {
    await expect(removeSource(world.config)).rejects.toMatchObject({
      name: 'Failure',
      exitCode: 30,
      message: expect.stringContaining('(EIO)') as string,
    })
    expect(world.contents()).toEqual(
      new Map([
        ['.tmpOther', 'other'],
        ['data.ms.snapshot', 'snapshot 2'],
      ]),
    )
  } finally {
    steps.before = () => undefined
    world.remove()
  }
})
