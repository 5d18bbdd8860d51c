// Says why an object cannot be looked at: the API server refuses a read for good, as where somebody took a right away. Pure.

/** What the API server refused, as far as it is known. */
export interface RefusedRead {
  /** Its own sentence, with verb, kind and name in front. */
  readonly message: string
  /** HTTP status. */
  readonly status?: number | undefined
}

/** Room for the remedy behind it. */
const maxWords = 1000

/** One line: whose word it is, and what to do. */
export function whyUnseen({ message, status }: RefusedRead, namespace: string): string {
  const words = message
    .slice(0, maxWords)
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replace(/[.\s]+$/, '')
  const remedy =
    status === 403
      ? `Compare with "kubectl auth can-i --list --namespace ${namespace} --as USER" for the user named there, and apply the operator's install, or its chart's release, again: that puts the Role or ClusterRole back.`
      : 'It is tried again every minute or two.'
  return `The operator may not read what it needs: ${words}. ${remedy}`
}
