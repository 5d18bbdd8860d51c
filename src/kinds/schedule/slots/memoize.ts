// Keeps what costs much to make, as long as there are not too many: texts are strangers'. Pure, but for what it remembers.

/** The same function, which makes nothing twice while it is among the last `most` that were asked for. */
export function memoize<Key, Value>(most: number, make: (key: Key) => Value): (key: Key) => Value {
  const kept = new Map<Key, Value>()
  return (key) => {
    const value = kept.get(key) ?? make(key)
    kept.delete(key)
    kept.set(key, value)
    const [oldest] = kept.size > most ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    return value
  }
}
