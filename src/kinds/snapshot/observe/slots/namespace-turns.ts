// Whose turn it is: namespaces take turns, the one with the fewest first; within one the oldest. Pure.
import type { Queued } from '../../observation.ts'
import type { Limited } from './mover-pod.ts'

export interface Candidate {
  readonly key: string
  readonly namespace: string
  /** Sorts by age: when it was created, then its uid. */
  readonly age: string
  readonly command: Limited
  /** False: it would most likely not be able to use its turn. It goes behind all others. */
  readonly isFit: boolean
}

/** What there is already. */
export interface Tally {
  readonly limit: number
  readonly maxStreams: number
  /** Holds a slot: it runs, or is about to. By namespace, none of them 0. */
  readonly running: ReadonlyMap<string, number>
  readonly streams: number
  /** By namespace: what was begun and has not ended, whether it runs or not. It bounds what starts at once when that which kept it from running is put right. */
  readonly begun: ReadonlyMap<string, number>
}

/** Those of one namespace, the oldest first. It is gone through more than once, and no further than to the first that may go. */
export interface Row {
  readonly namespace: string
  readonly candidates: Iterable<Candidate>
}

/** Who may begin now, in this order. */
export function nextInTurn(rows: readonly Row[], tally: Tally): readonly Candidate[] {
  const next = new Map<string, Candidate>()
  let after = tally
  for (let best = bestOf(rows, next, after); best !== undefined; best = bestOf(rows, next, after)) {
    next.set(best.key, best)
    after = withOneMore(after, best)
  }
  return [...next.values()]
}

/** Why this one has to wait, whoever else does; undefined where there is a slot for it. One more than the limit where a single namespace has all of them: else others would wait for as long as its files take. */
export function whyFull(
  tally: Tally,
  { namespace, command }: Pick<Candidate, 'namespace' | 'command'>,
): Queued['enough'] | undefined {
  const all = sum(tally.running)
  const isFirstOfAnother = tally.limit > 1 && isOfOneNamespace(tally, all) && !tally.running.has(namespace)
  if (all >= tally.limit && !isFirstOfAnother) return command === 'deleteArtifact' ? 'deletions' : 'movers'
  if (command === 'receive' && tally.streams >= tally.maxStreams) return 'streams'
  return (tally.begun.get(namespace) ?? 0) >= tally.limit ? 'ofNamespace' : undefined
}

/** Whoever waits. */
export function isFull(tally: Tally): boolean {
  const all = sum(tally.running)
  return all >= tally.limit && (tally.limit === 1 || !isOfOneNamespace(tally, all))
}

const isOfOneNamespace = ({ running, limit }: Tally, all: number): boolean => running.size === 1 && all === limit

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, count) => all + count, 0)

type Chosen = ReadonlyMap<string, Candidate>

function bestOf(rows: readonly Row[], chosen: Chosen, tally: Tally): Candidate | undefined {
  let best: Candidate | undefined
  for (const row of rows) {
    const first = firstOf(row, chosen, tally)
    if (first !== undefined && (best === undefined || goesBefore(first, best, tally))) best = first
  }
  return best
}

/** The oldest that is fit, else the oldest. */
function firstOf({ namespace, candidates }: Row, chosen: Chosen, tally: Tally): Candidate | undefined {
  // Where there is no slot for a mover that mounts its file, there is none for any.
  if (whyFull(tally, { namespace, command: 'move' }) !== undefined) return undefined
  let first: Candidate | undefined
  for (const candidate of candidates) {
    if (chosen.has(candidate.key) || whyFull(tally, candidate) !== undefined) continue
    if (candidate.isFit) return candidate
    first ??= candidate
  }
  return first
}

function goesBefore(one: Candidate, other: Candidate, { running }: Tally): boolean {
  if (one.isFit !== other.isFit) return one.isFit
  const [ofOne, ofOther] = [running.get(one.namespace) ?? 0, running.get(other.namespace) ?? 0]
  return ofOne === ofOther ? one.age < other.age : ofOne < ofOther
}

function withOneMore(tally: Tally, { namespace, command }: Candidate): Tally {
  const more = (counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map(counts).set(namespace, (counts.get(namespace) ?? 0) + 1)
  return {
    ...tally,
    running: more(tally.running),
    begun: more(tally.begun),
    streams: tally.streams + (command === 'receive' ? 1 : 0),
  }
}

export function countByNamespace(all: Iterable<{ readonly namespace: string }>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { namespace } of all) counts.set(namespace, (counts.get(namespace) ?? 0) + 1)
  return counts
}
