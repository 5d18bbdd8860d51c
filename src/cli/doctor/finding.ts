// A finding of doctor: how grave it is, where, what, and the remedy. Pure.

export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem'
  /** Groups the findings and names the check, for scripts. */
  readonly check: 'crds' | 'operator' | 'rights' | 'instance' | 'schedule' | 'restore' | 'destination'
  readonly message: string
  readonly remedy?: string
}

/** What was read, or why it could not be. */
export type Observed<T> = { readonly value: T } | { readonly refused: string }

export const ok = (check: Finding['check'], message: string): Finding => ({ level: 'ok', check, message })
export const warning = (check: Finding['check'], message: string, remedy: string): Finding => ({
  level: 'warning',
  check,
  message,
  remedy,
})
export const problem = (check: Finding['check'], message: string, remedy: string): Finding => ({
  level: 'problem',
  check,
  message,
  remedy,
})

/** What this user may not see says nothing about how it is. */
export const uncheckedFinding = (check: Finding['check'], what: string, refused: string): Finding =>
  warning(check, `${what} could not be checked: ${refused}`, 'ask somebody with more rights to run doctor')
