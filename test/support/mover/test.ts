// A test with a workplace of its own, so that many can run at once.
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { test, type TestAPI } from 'vitest'
import { Workplace } from './mover.ts'
import { quickDirectory } from './quick-directory.ts'

/** What only root may try: mounting a disk, running as another user. A test that needs it says so in its name, which is all that is seen when it is skipped. */
export const isRoot = process.getuid?.() === 0

/** On a disk, whose speed then counts: for what is about the disk. */
export const diskTest = testIn(tmpdir())

/** In memory. All that a killed or failing mover leaves, it leaves there just the same. */
export const moverTest = testIn(quickDirectory)

function testIn(base: string): TestAPI<{ work: Workplace }> {
  return test.extend<{ work: Workplace }>({
    work: async ({ task: _task }, use) => {
      const work = await Workplace.create(base)
      await use(work)
      await work.remove()
    },
  })
}

/** Runs `body` while a disk of its own, e.g. `size=40m`, is mounted at this directory. Only for root. */
export async function withDisk(directory: string, options: string, body: () => Promise<void>): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory])
  try {
    await body()
  } finally {
    execFileSync('umount', [directory])
  }
}
