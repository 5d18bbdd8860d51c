// Selects the snapshots before earlier upgrades that are deleted once an upgrade is done. Pure.
import type { MeiliInstance, MeiliInstanceStatus } from '../../../../api/instance.ts'
import { isFinished } from '../../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../../api/snapshot.ts'
import type { Effect } from '../../../../reconcile/decision.ts'
import { upgradeLabels, upgradeSnapshotPrefix } from '../../../../reconcile/names/objects.ts'
import type { Managed } from '../../children/managed.ts'
import { deleteSnapshot } from './upgrade-snapshot.ts'

type Upgrade = MeiliInstanceStatus['upgrade']

/** What is named at most: those that went last. */
const longestRecord = 16

/** When an upgrade is done, the snapshots before earlier ones go. They are put on record first, and so make one Event. */
export function deleteEarlierSnapshots(
  managed: Managed,
  upgrade: Upgrade,
): { readonly upgrade: Upgrade; readonly effects: readonly Effect[] } {
  if (upgrade?.step !== 'Done') return { upgrade, effects: [] }
  const going = earlierSnapshots(managed, upgrade.snapshot)
  const { failure: _, ...done } = upgrade
  if (going.length === 0) return { upgrade: done, effects: [] }
  const names = new Set([...(upgrade.earlierSnapshots ?? []), ...going.map(({ metadata }) => metadata.name)])
  return {
    upgrade: { ...upgrade, earlierSnapshots: [...names].slice(-longestRecord) },
    effects: going.map(deleteSnapshot),
  }
}

/** Never one that a person made or keeps (without our labels, or with deletionPolicy Retain), and none before the last one stands. */
function earlierSnapshots({ instance, seen }: Managed, lastName: string | undefined): readonly MeiliSnapshot[] {
  const last = seen.recordedUpgradeSnapshot
  if (
    last === undefined ||
    last.metadata.name !== lastName ||
    last.status?.phase !== 'Completed' ||
    last.metadata.deletionTimestamp !== undefined
  )
    return []
  return seen.upgradeSnapshots.filter(
    (candidate) =>
      isOurs(instance, candidate) &&
      isFinished(candidate) &&
      isOlder(candidate, last) &&
      candidate.metadata.deletionTimestamp === undefined,
  )
}

/** By the uid: what an earlier instance of this name left may be all that is left of another database. */
function isOurs(instance: MeiliInstance, { metadata, spec }: MeiliSnapshot): boolean {
  const to = metadata.labels?.[upgradeLabels.to]
  if (
    to === undefined ||
    metadata.labels?.[upgradeLabels.instanceUid] !== instance.metadata.uid ||
    spec.deletionPolicy !== 'Delete'
  )
    return false
  const prefix = upgradeSnapshotPrefix(instance, to)
  return metadata.name.startsWith(prefix) && /^\d+$/.test(metadata.name.slice(prefix.length))
}

const isOlder = (candidate: MeiliSnapshot, last: MeiliSnapshot): boolean =>
  Date.parse(candidate.metadata.creationTimestamp) < Date.parse(last.metadata.creationTimestamp)
