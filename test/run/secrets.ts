// Whether a key that the tests used stands anywhere in what was said: logs, Events, statuses, and whatever else the operator wrote. Pure.

/** Something that was said, and where. */
export interface Output {
  readonly where: string
  readonly kind: 'operator log' | 'mover log' | 'Event' | 'status' | 'object'
  readonly text: string
}

/** A shorter word may stand somewhere by chance. */
const shortest = 16
/** A token of a service account, or of anybody else. */
const bearerToken = /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/

/** As it is, and as a Secret's data or a header would hold it. */
function shapesOf(key: string): readonly string[] {
  const inBase64 = Buffer.from(key).toString('base64').replace(/=+$/, '')
  return [key, inBase64, encodeURIComponent(key)]
}

/** What was found; never the key itself. */
export function secretFindings(keys: readonly string[], all: Iterable<Output>): readonly string[] {
  const sought = [...new Set(keys)].filter((key) => key.length >= shortest).flatMap(shapesOf)
  const found = new Set<string>()
  for (const { where, text } of all) {
    if (sought.some((shape) => text.includes(shape))) found.add(`a key stands in ${where}`)
    if (bearerToken.test(text)) found.add(`a token stands in ${where}`)
  }
  return [...found]
}

const kinds = ['operator log', 'mover log', 'Event', 'status'] as const

/** Why a search that found nothing says nothing: there was nothing to look for, or nowhere to look. */
export function emptiness(keys: readonly string[], all: Iterable<Output>): readonly string[] {
  const seen = new Set<string>()
  for (const { kind } of all) seen.add(kind)
  const nothing = kinds.filter((kind) => !seen.has(kind)).map((kind) => `there was no ${kind} to look into`)
  return keys.some((key) => key.length >= shortest) ? nothing : ['no key was put on record', ...nothing]
}
