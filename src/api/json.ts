// A value as JSON carries it to the API server. Pure.

/** A member that is undefined is absent, as it is in what the API server gives back. */
export function withoutUndefined<T>(value: unknown): T {
  return JSON.parse(JSON.stringify(value)) as T
}
