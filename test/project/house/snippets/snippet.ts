// A small program that breaks one rule of the house, and the words of the message that teaches it.

export interface Bad {
  readonly what: string
  readonly file: string
  readonly code: string
  readonly rule: string
  /** A part of the message or of its help. */
  readonly says: string
}

export const layers = 'house(layers)'

/** One import, or one export of what another file has. */
export const from = (source: string, kind = 'import'): string =>
  `${kind} { x } from '${source}'\nexport const y: typeof x = x`
