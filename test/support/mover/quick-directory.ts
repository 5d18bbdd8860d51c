// Where tests write many files of which only the content matters: memory, if there is enough of it, so that no disk is waited for.
import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const memory = '/dev/shm'
const neededBytes = 2 ** 30

export const quickDirectory = hasSpace() ? memory : tmpdir()

function hasSpace(): boolean {
  try {
    accessSync(memory, constants.W_OK)
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= neededBytes
  } catch {
    return false
  }
}
