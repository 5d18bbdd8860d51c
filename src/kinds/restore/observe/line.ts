// Who goes first of several restores of one target: whoever is at work, else the oldest. Looks at caches only.
import { hasRestoreEnded, isAtWork } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'

export interface RestoresKept {
  /** Of one target, by `targetKeyOf`. */
  ofTarget(target: string): Iterable<MeiliRestore>
}

/** An instance or a claim; undefined for a drill, which is in nobody's way. */
export function targetKeyOf({ metadata: { namespace }, spec: { target } }: MeiliRestore): string | undefined {
  if (target.inPlace !== undefined) return `${namespace}/instance/${target.inPlace.instanceRef.name}`
  return target.claim === undefined ? undefined : `${namespace}/claim/${target.claim.name}`
}

/** A plan changes nothing: it waits for nobody, and nobody for it. */
const changesNothing = (restore: MeiliRestore): boolean => restore.spec.mode === 'DryRun' && !isAtWork(restore)

/** Their names; empty where it is this one's turn. */
export function aheadOf(restores: RestoresKept, restore: MeiliRestore): readonly string[] {
  const target = targetKeyOf(restore)
  if (target === undefined || changesNothing(restore) || isAtWork(restore)) return []
  return [...restores.ofTarget(target)]
    .filter((other) => other.metadata.uid !== restore.metadata.uid && isBefore(other, restore))
    .toSorted(byAge)
    .map(({ metadata }) => metadata.name)
}

function isBefore(other: MeiliRestore, restore: MeiliRestore): boolean {
  if (hasRestoreEnded(other) || changesNothing(other)) return false
  if (isAtWork(other)) return true
  return other.metadata.deletionTimestamp === undefined && byAge(other, restore) < 0
}

function byAge(a: MeiliRestore, b: MeiliRestore): number {
  const [first, second] = [a, b].map(({ metadata }) => Date.parse(metadata.creationTimestamp))
  return (first ?? 0) - (second ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1)
}
