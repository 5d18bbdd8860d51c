// A memory cgroup for a while: what runs in it has so much memory, page cache included, as a container with that limit.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const top = '/sys/fs/cgroup'

export class MemoryLimit implements Disposable {
  readonly #directory: string

  /** @throws Error where the system allows no such cgroup */
  constructor(limitBytes: number) {
    const isUnified = existsSync(join(top, 'cgroup.controllers'))
    const parent = isUnified ? top : join(top, 'memory')
    if (isUnified && !readFileSync(join(top, 'cgroup.subtree_control'), 'utf8').includes('memory'))
      throw new Error(`${top} does not give memory to its children`)
    this.#directory = join(parent, `meili-operator-bench-${process.pid}`)
    mkdirSync(this.#directory)
    writeFileSync(join(this.#directory, isUnified ? 'memory.max' : 'memory.limit_in_bytes'), String(limitBytes))
  }

  /** Before a program and its arguments: they then run inside. */
  get prefix(): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#directory, 'cgroup.procs')]
  }

  [Symbol.dispose](): void {
    rmdirSync(this.#directory)
  }
}
