// Compares what a server serves with what an artifact's manifest says of it, and gives the verdict. Pure.
import { exitCodes, type Inspected, type MoverResult } from '../contract.ts'

interface Index {
  readonly uid: string
  readonly documents: number
}

/** What the server serves. */
export type Found = readonly Index[]

/** What the manifest says. */
export interface Expected {
  readonly indexes: readonly Index[]
  /** No batch ended between the snapshot and the count, and no task waited that runs as soon as a server starts. */
  readonly isExact: boolean
  /** It names every index there was. */
  readonly isComplete: boolean
}

type Difference = Inspected['differences'][number]

interface Comparison {
  /** Of how many indexes the count is the one on record. */
  readonly compared: number
  readonly differences: readonly Difference[]
}

/** Index by index. One of which nothing is on record is a difference only where every index is. */
function compareCounts(expected: Expected, found: Found): Comparison {
  const counts = new Map(found.map(({ uid, documents }) => [uid, documents]))
  const onRecord = new Set(expected.indexes.map(({ uid }) => uid))
  const different = expected.indexes.filter(({ uid, documents }) => counts.get(uid) !== documents)
  const unexpected = expected.isComplete ? found.filter(({ uid }) => !onRecord.has(uid)) : []
  return {
    compared: expected.indexes.length - different.length,
    differences: [
      ...different.map(({ uid, documents }) => {
        const there = counts.get(uid)
        return { index: uid, expected: documents, ...(there === undefined ? {} : { found: there }) }
      }),
      ...unexpected.map(({ uid, documents }) => ({ index: uid, found: documents })),
    ],
  }
}

export interface Inspection {
  /** Undefined for a bare file. */
  readonly expected: Expected | undefined
  readonly found: Found
  /** Searches that were not answered as they should be, in words. */
  readonly wrong: readonly string[]
  /** How many searches the user asked for. */
  readonly searched: number
  readonly seen: { readonly version: string; readonly openMs: number; readonly firstSearchMs: number | undefined }
}

/** Of the result, which shares 1 KiB with its sentence. */
const maxDifferences = 5
const maxDifferenceBytes = 400

/** Good where what must be the same is the same, every search was answered, and anything at all was compared. */
export function verdictOn({ expected, found, wrong, searched, seen }: Inspection): MoverResult {
  const { compared, differences } = expected === undefined ? noComparison : compareCounts(expected, found)
  const bad = [...wrong, ...(expected?.isExact === true ? differences.map(differenceText) : [])]
  const isEmpty = compared === 0 && searched === 0
  const why = bad.length > 0 ? listText(bad) : isEmpty ? whyNothing(expected, differences) : undefined
  const { firstSearchMs, ...known } = seen
  return {
    exitCode: why === undefined ? exitCodes.done : exitCodes.inspectionFailed,
    message:
      why ?? `Meilisearch ${seen.version} serves it: ${goodText({ expected, found, compared, differences, searched })}`,
    inspected: {
      result: why === undefined ? 'Passed' : 'Failed',
      ...known,
      ...(firstSearchMs === undefined ? {} : { firstSearchMs }),
      indexes: found.length,
      documents: found.reduce((sum, { documents }) => sum + documents, 0),
      compared,
      differences: asFit(differences),
    },
  }
}

const noComparison: Comparison = { compared: 0, differences: [] }

function goodText(seen: Comparison & Pick<Inspection, 'expected' | 'found' | 'searched'>): string {
  const { expected, found, compared, differences, searched } = seen
  const counts =
    expected === undefined
      ? `${found.length} indexes, of which no counts are on record`
      : `compared ${compared} of ${Math.max(expected.indexes.length, found.length)} indexes`
  const others =
    differences.length === 0
      ? ''
      : ` (the counts on record are not exact: ${listText(differences.map(differenceText))})`
  const queries = searched === 0 ? '' : `, ${searched} queries of yours were answered`
  return `${counts}${others}${queries}.`
}

function whyNothing(expected: Expected | undefined, differences: readonly Difference[]): string {
  if (expected === undefined) return 'Nothing was compared: no counts are on record, and no query was given.'
  return expected.indexes.length === 0
    ? 'Nothing was compared: no index is on record.'
    : `Nothing was compared: no count is the one on record. ${listText(differences.map(differenceText))}`
}

function differenceText({ index, expected, found }: Difference): string {
  const name = index.slice(0, 100)
  if (found === undefined) return `index ${name} is missing (${expected ?? 0} documents on record)`
  return expected === undefined
    ? `index ${name} is not on record (${found} documents)`
    : `index ${name} has ${found} documents, ${expected} are on record`
}

function listText(all: readonly string[]): string {
  const [first = '', ...more] = all.slice(0, 3)
  const rest = all.length > 3 ? `; and ${all.length - 3} more` : ''
  return `${first.charAt(0).toUpperCase()}${first.slice(1)}${more.map((text) => `; ${text}`).join('')}${rest}.`
}

/** So many of them that the result stays as small as it must. */
function asFit(differences: readonly Difference[]): Difference[] {
  const fit: Difference[] = []
  let bytes = 0
  for (const difference of differences.slice(0, maxDifferences)) {
    bytes += Buffer.byteLength(JSON.stringify(difference))
    if (bytes > maxDifferenceBytes) break
    fit.push(difference)
  }
  return fit
}
