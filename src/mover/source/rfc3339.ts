// Parses and formats times to the nanosecond, as Meilisearch writes them and file systems keep them. Pure.

const form = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/
const nanosecondsInSecond = 1_000_000_000n

/** Nanoseconds since 1970 of an RFC 3339 time with up to nine fractional digits; undefined if `text` is none. */
export function parseTime(text: string): bigint | undefined {
  const parts = form.exec(text)
  if (parts === null) return undefined
  const [, second = '', fraction = '', zone = ''] = parts
  const milliseconds = Date.parse(`${second}${zone}`.toUpperCase())
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}

/** The RFC 3339 text, in UTC and with nine fractional digits, of nanoseconds since 1970. */
export function formatTime(nanoseconds: bigint): string {
  const fraction = ((nanoseconds % nanosecondsInSecond) + nanosecondsInSecond) % nanosecondsInSecond
  const second = new Date(Number((nanoseconds - fraction) / 1_000_000n)).toISOString()
  return `${second.slice(0, -'.000Z'.length)}.${fraction.toString().padStart(9, '0')}Z`
}
