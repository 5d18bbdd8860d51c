// A test with a workplace of its own, so that many can run at once.
import { execFileSync } from 'node:child_process'
import { test } from 'vitest'
import { Workplace } from './mover.ts'

/** What only root may try: mounting a disk, running as another user. A test that needs it says so in its name, which is all that is seen when it is skipped. */
export const isRoot = process.getuid?.() === 0

export const moverTest = test.extend<{ work: Workplace }>({
  work: async ({ task: _task }, use) => {
    const work = await Workplace.create()
    await use(work)
    await work.remove()
  },
})

/** Runs `body` while a disk of its own, e.g. `size=40m`, is mounted at this directory. Only for root. */
export async function withDisk(directory: string, options: string, body: () => Promise<void>): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory])
  try {
    await body()
  } finally {
    execFileSync('umount', [directory])
  }
}
