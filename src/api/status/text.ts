// Prepares words of others (Meilisearch, the cluster, the mover) for status: whole sentences, no longer than the schema allows,
// and without anything that looks like a secret. Pure.

/** The edges let no key out; this is for words that are not ours: a webhook's refusal, a mount that failed with its options. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/(\/\/)[^\s/?#]*@/g, '$1'],
  [/\b(bearer|basic)\s+[\w.~+/-]{16,}=*/gi, '$1 ***'],
  [/(key|token|secret|password|passwd|signature|credential)=[^\s&,;"'})\].…][^\s&,;"'})\]]*/gi, '$1=***'],
]

/** What may stand in status, at most `maxLength` long. Half a character would come back from the API server as another one, and be written again for ever. */
export function redact(text: string, maxLength: number): string {
  let safe = text.slice(0, 20_000)
  for (const [pattern, instead] of secrets) safe = safe.replace(pattern, instead)
  return safe.slice(0, maxLength).toWellFormed()
}

/** Short enough that another sentence fits behind it in a message of 2000. */
const maxSentence = 1500

/** With one full stop at its end, so that another sentence, often the remedy, may follow. */
export function sentence(text: string): string {
  const whole = redact(text.trim(), maxSentence + 1)
  if (whole.length > maxSentence) return `${redact(whole, maxSentence - 1)}…`
  const trimmed = whole.replace(/[.:\s]+$/, '')
  return /[!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

const longestWords = 600

/** The last three lines of a log, without colours; undefined where there are none. */
export function lastWords(log: string | undefined): string | undefined {
  const lines = (log ?? '')
    // oxlint-disable-next-line no-control-regex -- terminal colours begin with this character
    .replaceAll(/\u001b\[[\d;]*m/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.length === 0 ? undefined : lines.slice(-3).join(' ').slice(-longestWords)
}
