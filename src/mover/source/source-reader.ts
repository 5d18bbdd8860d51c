// Reads the source from the page cache if it lies there, as it often does after a snapshot, else past it from the disk.
// How much the kernel had to fetch for our plain reads tells which; a wrong guess costs speed and nothing else.
// Under a memory limit it reads plainly: what that caches counts as our own memory, so it pushes out nobody else's, and read-ahead is quicker.
import { totalmem } from 'node:os'
import process from 'node:process'
import type { DirectFile } from '../io/direct.ts'

/** Of each window of blocks the first few are read plainly, to see. */
const windowBlocks = 64
const probeBlocks = 8
/** getrusage counts in these. */
const sectorBytes = 512

export class SourceReader {
  readonly #file: Pick<DirectFile, 'read'>
  readonly #isLimited: boolean
  #blocks = 0
  #isCached = true
  #plainBytes = 0
  #directBytes = 0
  #fetched = fetchedBytes()

  constructor(file: Pick<DirectFile, 'read'>, isLimited = hasMemoryLimit()) {
    this.#file = file
    this.#isLimited = isLimited
  }

  /** As `DirectFile.read`. */
  async read(buffer: Buffer, at: number): Promise<number> {
    const index = this.#blocks++ % windowBlocks
    if (index === 0) this.#judge()
    const way = this.#isLimited || this.#isCached || index < probeBlocks ? 'plain' : 'direct'
    if (way === 'plain') this.#plainBytes += buffer.length
    else this.#directBytes += buffer.length
    return this.#file.read(buffer, at, way)
  }

  /** Was at least half of what was read plainly in the cache? */
  #judge(): void {
    const fetched = fetchedBytes()
    const missed = fetched - this.#fetched - this.#directBytes
    this.#isCached = missed <= this.#plainBytes / 2
    this.#fetched = fetched
    this.#plainBytes = 0
    this.#directBytes = 0
  }
}

/** Of a cgroup: of all that the machine has is none. */
function hasMemoryLimit(): boolean {
  const bytes = process.constrainedMemory()
  return bytes > 0 && bytes < totalmem()
}

/** From disks, by this process, since it began. */
function fetchedBytes(): number {
  return process.resourceUsage().fsRead * sectorBytes
}
