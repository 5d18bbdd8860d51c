// How a ladder of any kind is read: top rung first, and the first that has something to say decides. Pure.

/** The first of these that gives anything; undefined where none does. */
export function firstOf<Seen extends readonly unknown[], Said>(
  rungs: readonly ((...seen: Seen) => Said | undefined)[],
): (...seen: Seen) => Said | undefined {
  return (...seen) => {
    for (const rung of rungs) {
      const said = rung(...seen)
      if (said !== undefined) return said
    }
    return undefined
  }
}
