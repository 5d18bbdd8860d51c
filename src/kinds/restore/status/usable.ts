// Says why a MeiliSnapshot will never be a source: it has failed, or its files are gone or going. Pure.
import { conditionTypes } from '../../../api/meta.ts'
import { snapshotConditions } from '../../../api/snapshot.ts'
import type { MeiliSnapshot } from '../../../api/snapshot.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import { sentence } from '../../../api/status/text.ts'

/** A sentence; undefined where it is usable, or may become so. */
export function whyUnusable({ metadata: { name, deletionTimestamp }, status }: MeiliSnapshot): string | undefined {
  const { phase, artifact, conditions } = status ?? {}
  const ready = conditionNamed(conditions, conditionTypes.Ready)
  const available = conditionNamed(conditions, snapshotConditions.ArtifactAvailable)
  if (phase === 'Failed') return `MeiliSnapshot ${name} has failed: ${sentence(ready?.message ?? '')} Name another one.`
  if (phase === 'Expired' || available?.status === 'False')
    return `The files of MeiliSnapshot ${name} are gone: ${sentence(available?.message ?? 'it has expired')} Name another one.`
  if (deletionTimestamp !== undefined) return `MeiliSnapshot ${name} is being deleted. Name another one.`
  return phase === 'Completed' && artifact === undefined
    ? `MeiliSnapshot ${name} does not say what it has stored. Name another one.`
    : undefined
}
