// Quotes words for commands that are printed to be pasted: a word from the cluster stays one word, whatever is in it. Pure.
import { printable } from './printable.ts'

/** A word that a shell takes as it is; in zsh `=ls` at its beginning would be a path. */
const plain = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/
const longestPlain = 253
/** Nothing in Kubernetes has a name that needs quotes: its beginning says enough, and the line keeps its last quote. */
const longestQuoted = 64

/** A word of a command, or a part of one that does not begin it. */
export function quote(text: string): string {
  if (plain.test(text) && text.length <= longestPlain) return text
  return `'${printable(text, longestQuoted).replaceAll("'", String.raw`'\''`)}'`
}

/** A word that stands alone, and would be a flag if it began with a dash. No object has such a name. */
export const operand = (text: string): string => quote(text.replace(/^-+/, ''))

/** How a command of this plugin begins; the namespace is named where it was. */
export const meiliIn = (namespace: string | undefined): string =>
  `kubectl meili${namespace === undefined ? '' : ` -n ${quote(namespace)}`}`

export interface KeyReference {
  readonly namespace: string
  readonly name: string
  readonly key: string
}

/** Puts the key, which is typed as one line, into a Secret; its other keys stay. The key is in no history and in no list of processes. */
export function commandToSetKey({ namespace, name, key }: KeyReference): string {
  // Not by apply: it takes away what was applied before and is not in this one, server-side too where the Secret was once applied by kubectl.
  const patch = `kubectl create secret generic --from-file=${quote(key)}=/dev/stdin --dry-run=client -o json ${operand(name)}`
  return `head -n 1 | tr -d '\\n' | ${patch} | kubectl -n ${quote(namespace)} patch secret/${operand(name)} --patch-file=/dev/stdin`
}

/** The same where the Secret itself may be absent; where it is there, the first command is refused and does no harm. */
export function commandToMakeKey(reference: KeyReference): string {
  return `kubectl -n ${quote(reference.namespace)} create secret generic ${operand(reference.name)}; ${commandToSetKey(reference)}`
}
