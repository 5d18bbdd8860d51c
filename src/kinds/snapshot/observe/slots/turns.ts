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

/** Who may begin now, in this order. */
export function nextInTurn(candidates: readonly Candidate[], tally: Tally): readonly Candidate[] {
  const left = Map.groupBy(candidates, ({ namespace }) => namespace)
  const next: Candidate[] = []
  let after = tally
  for (let best = bestOf(left, after); best !== undefined; best = bestOf(left, after)) {
    next.push(best)
    after = withOneMore(after, best)
    const { key, namespace } = best
    left.set(namespace, left.get(namespace)?.filter((other) => other.key !== key) ?? [])
  }
  return next
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

function bestOf(left: ReadonlyMap<string, readonly Candidate[]>, tally: Tally): Candidate | undefined {
  let best: Candidate | undefined
  for (const candidates of left.values())
    for (const candidate of candidates)
      if ((best === undefined || goesBefore(candidate, best, tally)) && whyFull(tally, candidate) === undefined)
        best = candidate
  return best
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
