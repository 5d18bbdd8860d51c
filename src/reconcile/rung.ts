// Reads a ladder of any kind from the top: the first rung that has something to say decides. Pure.

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
