// A power cut: a model of a file system that keeps what was flushed, and of everything else whatever it likes. It takes the calls of a real run
// and says what could be on the disk if the power had gone at any of them. POSIX promises no more than this, in no other order.
import { basename, dirname } from 'node:path'
import type { Call } from './recorded-calls.ts'

interface Inode {
  readonly id: number
  readonly isDirectory: boolean
  /** Where it stands when the run is over, or stood last. */
  path: string
}

type Effect =
  | { readonly is: 'write'; readonly at: number; readonly bytes: number }
  | { readonly is: 'size'; readonly size: number }
  | { readonly is: 'mode'; readonly mode: number }
  | { readonly is: 'names'; readonly add?: readonly [name: string, inode: Inode]; readonly remove?: string }

/** One thing that a call did to one inode. A change is safe once a flush of that inode, begun after it, has ended. */
interface Change {
  readonly inode: Inode
  readonly effect: Effect
  readonly begin: number
  readonly end: number
}

interface Flush {
  readonly inode: Inode
  /** fdatasync keeps what is needed to read the data, and no more. */
  readonly dataOnly: boolean
  readonly begin: number
  readonly end: number
}

export interface SurvivingFile {
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
  /** What of it was kept; holes read as zeros. */
  readonly kept: readonly { readonly at: number; readonly bytes: number }[]
  /** Where the same file stood at the end of the run: its bytes are known from there. */
  readonly becomes: string
}

export interface Survival {
  readonly directories: readonly string[]
  readonly files: readonly SurvivingFile[]
}

const flushesOnlyData: Readonly<Partial<Record<Call['name'], boolean>>> = { fsync: false, fdatasync: true }

export class PowerCut {
  readonly #root: Inode
  readonly #names = new Map<string, Inode>()
  readonly #changes: Change[] = []
  readonly #flushes: Flush[] = []
  #ids = 0

  /** @param unflushed files that were there before, whose bytes nobody had flushed yet */
  constructor(
    root: string,
    calls: readonly Call[],
    unflushed: readonly { path: string; sizeBytes: number; mode: number }[] = [],
  ) {
    this.#root = this.#new(root, true)
    for (const file of unflushed) this.#lay(file)
    for (const call of calls) this.#take(call)
  }

  /** The places at which the power can go: right before each call, and before the end of those that took a while. */
  moments(): number[] {
    return [...new Set([...this.#changes, ...this.#flushes].flatMap(({ begin, end }) => [begin, end]))].toSorted(
      (one, other) => one - other,
    )
  }

  /** What could be there. All subsets of names that were not flushed; of unflushed bytes, none, all, each alone, and as many other subsets as `samples` says. */
  *survivals(moment: number, samples: number): Generator<Survival, void, undefined> {
    const begun = this.#changes.filter(({ begin }) => begin < moment)
    const open = begun.filter((change) => !this.#isSafe(change, moment))
    const names = open.filter(({ effect }) => effect.is === 'names')
    const contents = open.filter(({ effect }) => effect.is !== 'names')
    for (let subset = 0; subset < 2 ** names.length; subset++) {
      const lost = new Set(names.filter((_, index) => (subset & (1 << index)) === 0))
      for (const also of losses(contents, samples))
        yield this.#survival(begun.filter((change) => !lost.has(change) && !also.has(change)))
    }
  }

  #isSafe({ inode, effect, end }: Change, moment: number): boolean {
    return this.#flushes.some(
      (flush) =>
        flush.inode === inode && flush.begin >= end && flush.end < moment && !(flush.dataOnly && effect.is === 'mode'),
    )
  }

  #survival(changes: readonly Change[]): Survival {
    const survival = { directories: [] as string[], files: [] as SurvivingFile[] }
    const visit = (directory: Inode, path: string): void => {
      for (const [name, inode] of entriesOf(changes, directory)) {
        const below = `${path}${name}`
        if (inode.isDirectory) {
          survival.directories.push(below)
          visit(inode, `${below}/`)
        } else survival.files.push({ path: below, becomes: inode.path, ...contentOf(changes, inode) })
      }
    }
    visit(this.#root, '')
    return survival
  }

  #new(path: string, isDirectory: boolean): Inode {
    const inode = { id: this.#ids++, isDirectory, path }
    this.#names.set(path, inode)
    return inode
  }

  #lay({ path, sizeBytes, mode }: { path: string; sizeBytes: number; mode: number }): void {
    const before = { begin: -2, end: -1 }
    const missing: string[] = []
    for (let above = dirname(path); !this.#names.has(above); above = dirname(above)) missing.unshift(above)
    for (const directory of missing) this.#add(this.#new(directory, true), before)
    const file = this.#new(path, false)
    this.#add(file, before)
    this.#flushes.push(
      ...[...missing.map(dirname), dirname(path)].map((directory) => ({
        inode: this.#at(directory),
        dataOnly: false,
        begin: -1,
        end: -1,
      })),
    )
    // Its mode is as old as its name; its bytes are not on the disk yet.
    this.#changes.push(
      { inode: file, effect: { is: 'mode', mode }, ...before },
      { inode: file, effect: { is: 'write', at: 0, bytes: sizeBytes }, ...before },
    )
  }

  #at(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new Error(`the record speaks of ${path}, which was never made`)
    return inode
  }

  #add(inode: Inode, when: Pick<Change, 'begin' | 'end'>): void {
    this.#changes.push({
      inode: this.#at(dirname(inode.path)),
      effect: { is: 'names', add: [basename(inode.path), inode] },
      begin: when.begin,
      end: when.end,
    })
  }

  #take(call: Call): void {
    const [path = '', second = ''] = call.paths
    const dataOnly = flushesOnlyData[call.name]
    if (dataOnly !== undefined)
      return void this.#flushes.push({ inode: this.#at(path), dataOnly, begin: call.begin, end: call.end })
    switch (call.name) {
      case 'openat':
        return call.flags.includes('O_CREAT') ? this.#create(call, false) : undefined
      case 'mkdir':
        return this.#create(call, true)
      case 'link':
        return this.#link(call)
      case 'rename':
        return this.#rename(call, path, second)
      case 'unlink':
      case 'rmdir':
        return this.#remove(call, path)
      default:
        return this.#change(call, path)
    }
  }

  #create(call: Call, isDirectory: boolean): void {
    const inode = this.#new(call.paths[0] ?? '', isDirectory)
    this.#add(inode, call)
    if (!isDirectory)
      this.#changes.push({
        inode,
        effect: { is: 'mode', mode: (call.numbers.at(-1) ?? 0) & 0o777 },
        begin: call.begin,
        end: call.end,
      })
  }

  #link({ paths: [from = '', to = ''], begin, end }: Call): void {
    const inode = this.#at(from)
    inode.path = to
    this.#names.set(to, inode)
    this.#add(inode, { begin, end })
  }

  #rename({ begin, end }: Call, from: string, to: string): void {
    if (dirname(from) !== dirname(to)) throw new Error('this model knows renames within one directory only')
    const moved = this.#at(from)
    for (const [path, inode] of this.#names) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#names.delete(path)
      inode.path = to + path.slice(from.length)
      this.#names.set(inode.path, inode)
    }
    this.#changes.push({
      inode: this.#at(dirname(to)),
      effect: { is: 'names', add: [basename(to), moved], remove: basename(from) },
      begin,
      end,
    })
  }

  #remove({ begin, end }: Call, path: string): void {
    this.#names.delete(path)
    this.#changes.push({ inode: this.#at(dirname(path)), effect: { is: 'names', remove: basename(path) }, begin, end })
  }

  #change({ name, numbers, begin, end }: Call, path: string): void {
    const [first = 0, at = 0] = numbers
    const effects: Readonly<Record<string, Effect>> = {
      pwrite64: { is: 'write', at, bytes: first },
      write: { is: 'write', at: 0, bytes: first },
      ftruncate: { is: 'size', size: first },
      fchmod: { is: 'mode', mode: first & 0o777 },
    }
    const effect = effects[name]
    if (effect === undefined) throw new Error(`this model does not know ${name}`)
    this.#changes.push({ inode: this.#at(path), effect, begin, end })
  }
}

function* losses(open: readonly Change[], samples: number): Generator<Set<Change>, void, undefined> {
  yield new Set()
  if (open.length === 0) return
  yield new Set(open)
  // Each one lost alone: what a single missing flush would cost.
  for (const change of open) yield new Set([change])
  for (let sample = 0; sample < samples; sample++) yield new Set(open.filter((_, index) => isDrawn(sample, index)))
}

/** As good as a coin, and the same in each run. */
function isDrawn(sample: number, index: number): boolean {
  return ((Math.imul(sample + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca77)) >>> 15) % 2 === 0
}

/** A name that was moved but whose first place was never kept is there under its new name only. */
function entriesOf(changes: readonly Change[], directory: Inode): Map<string, Inode> {
  const entries = new Map<string, Inode>()
  for (const { inode, effect } of changes) {
    if (inode !== directory || effect.is !== 'names') continue
    if (effect.remove !== undefined) entries.delete(effect.remove)
    if (effect.add !== undefined) entries.set(...effect.add)
  }
  return entries
}

function contentOf(changes: readonly Change[], file: Inode): Pick<SurvivingFile, 'mode' | 'sizeBytes' | 'kept'> {
  let mode = 0o600
  let sizeBytes = 0
  let kept: { at: number; bytes: number }[] = []
  for (const { inode, effect } of changes) {
    if (inode !== file) continue
    if (effect.is === 'mode') ({ mode } = effect)
    if (effect.is === 'write') {
      kept.push({ at: effect.at, bytes: effect.bytes })
      sizeBytes = Math.max(sizeBytes, effect.at + effect.bytes)
    }
    if (effect.is === 'size') {
      sizeBytes = effect.size
      kept = kept.map(({ at, bytes }) => ({ at, bytes: Math.max(0, Math.min(bytes, effect.size - at)) }))
    }
  }
  return { mode, sizeBytes, kept: kept.filter(({ bytes }) => bytes > 0).toSorted((one, other) => one.at - other.at) }
}

/** Every byte of it, and no other. */
export function isWhole({ kept, sizeBytes }: SurvivingFile, expectedBytes: number): boolean {
  let covered = 0
  for (const { at, bytes } of kept) {
    if (at > covered) return false
    covered = Math.max(covered, at + bytes)
  }
  return sizeBytes === expectedBytes && covered === expectedBytes
}
