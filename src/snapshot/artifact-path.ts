// Where on the claim a snapshot is stored. Pure.
import type { MeiliSnapshot } from '../api/snapshot.ts'

/** Relative to the claim's root: `<path>/<directory>/` holds the file, its manifest and its checksums. */
export function artifactPath({ metadata, spec }: MeiliSnapshot): { path: string; directory: string } {
  return { path: spec.destination.claim.path ?? spec.source.instanceRef.name, directory: `${metadata.name}-${metadata.uid.slice(0, 8)}` }
}
