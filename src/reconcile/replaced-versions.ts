// Knows which copies in the cache are stale, because this process has replaced them itself. Pure.

/** The resourceVersions that our own writes have replaced, for as long as the cache still shows one of them. They are only compared for equality. */
export class ReplacedVersions {
  readonly #byKey = new Map<string, Set<string>>()

  add(key: string, version: string | undefined): void {
    if (version !== undefined) this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(version))
  }

  /** Forgets the key where the cache shows anything else. */
  has(key: string, version: string | undefined): boolean {
    const isReplaced = version !== undefined && (this.#byKey.get(key)?.has(version) ?? false)
    if (!isReplaced) this.#byKey.delete(key)
    return isReplaced
  }
}
