// Does a program print what a page shows? Ages, times, sizes, hashes and made-up names may differ; words, figures and the order of lines may not. Pure.
// A line `…` on the page stands for any lines, `…` within a line for any text.

/** In this order: what a later pattern would take apart is gone by then. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| UTC)?/g, '<time>'],
  [/\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/\b\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}/g, '<time>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '<address>'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b/g, '<hash>'],
  [/-[0-9a-f]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<pod>'],
  [/-<hash>-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<pod>'],
  [/\b\d+(?:\.\d+)? ?(?:KiB|MiB|GiB|TiB|Ki|Mi|Gi|B\/s|MB\/s)\b/g, '<size>'],
  [/\b(?:\d+(?:\.\d+)?(?:ms|d|h|m|s))+\b/g, '<age>'],
  [/<age>(?: \(x\d+ over <age>\))?/g, '<age>'],
  [/\b\d+ %/g, '<percent>'],
  [/\b(uid|pid|batch|node-)(\d+)\b/g, '$1<n>'],
]

/** Columns are as wide as their longest word, which may be an age. */
const normal = (line: string): string =>
  volatile
    .reduce((text, [pattern, word]) => text.replace(pattern, word), line)
    .trimEnd()
    .replace(/ {2,}/g, '  ')

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

const isAnyLines = (line: string): boolean => line.trim() === '…'

/** The lines of the page from `at` on against those printed from `from` on: the first line of the page that was not found, or undefined. */
function firstMissing(page: readonly string[], printed: readonly string[]): string | undefined {
  let from = 0
  let isFree = false
  for (const line of page) {
    if (isAnyLines(line)) {
      isFree = true
      continue
    }
    const pattern = new RegExp(`^${normal(line).split('…').map(escapeRegExp).join('.*')}$`)
    const found = printed.findIndex((other, index) => index >= from && pattern.test(normal(other)))
    if (found === -1 || (!isFree && found !== from)) return line
    from = found + 1
    isFree = false
  }
  return isFree || from === printed.length ? undefined : `the end, before "${printed[from] ?? ''}"`
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '')

/** One sentence where what was printed is not what the page shows, else undefined. */
export function difference(shown: string, printed: string): string | undefined {
  const line = firstMissing(linesOf(shown), linesOf(printed))
  return line === undefined
    ? undefined
    : `The page shows ${line}, which was not printed there. Printed:\n${printed.trimEnd()}`
}
