// Names the directory on the claim in which a snapshot is stored, and says what is checked before it gets that name. Pure.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'

/** A file's name has 255 bytes at most, and that of a partial copy has some more around this. */
const maxNameInDirectory = 200

/** Relative to the claim's root: `<path>/<directory>/` holds the file, its manifest and its checksums. `path` is the parent, named as in spec.destination.claim and in the mover's configuration; other objects may store below it, too. */
export function artifactPath({ metadata, spec }: MeiliSnapshot): { path: string; directory: string } {
  return {
    path: spec.destination.claim.path ?? spec.source.instanceRef.name,
    directory: `${metadata.name.slice(0, maxNameInDirectory)}-${metadata.uid.slice(0, 8)}`,
  }
}

/** A boot comes after that, on what is stored. */
export function archiveCheck({ spec }: MeiliSnapshot): 'None' | 'Archive' {
  return spec.verification.mode === 'None' ? 'None' : 'Archive'
}
