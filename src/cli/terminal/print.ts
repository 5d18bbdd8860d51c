// Formats objects for machines: -o json, yaml and name, as kubectl prints them. Pure.
import { Document, visit } from 'yaml'
import type { Tags } from 'yaml'
import { group } from '../../api/group.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { escapeControls, printable, hasControl } from './printable.ts'

export const formats = ['json', 'yaml', 'name'] as const
export type Format = (typeof formats)[number]

/** Else a key `<<` would merge what is below it, and nothing could quote it. */
const withoutMerge = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:merge')

/** What begins like a number, which kubectl's reader may take for one though YAML 1.1 does not (0o17, 0X1F, 1e5_0), and the key that merges. */
const special = /^([-+.]*[0-9]|<<$)/

const hex = (character: string, digits: number): string =>
  (character.codePointAt(0) ?? 0).toString(16).padStart(digits, '0')

/**
 * The API server reads YAML 1.1, where `y` and `off` are booleans unless they are quoted. kubectl's reader also ends a line at U+0085, U+2028 and
 * U+2029: a text with such a character, or with any other that would reach the terminal, stands in double quotes, as escapes.
 */
function yamlText(value: unknown): string {
  const document = new Document(value, { version: '1.1', customTags: withoutMerge, aliasDuplicateObjects: false })
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string' || !(hasControl(node.value) || special.test(node.value))) return
      node.value = node.value.toWellFormed()
      node.type = 'QUOTE_DOUBLE'
    },
  })
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
  return escapeControls(text.trimEnd(), (character) =>
    character.length === 1 ? `\\u${hex(character, 4)}` : `\\U${hex(character, 8)}`,
  )
}

/** JSON knows escapes of UTF-16 units alone, and asks for them only below U+0020. */
function jsonText(value: unknown): string {
  const units = (character: string): string =>
    character
      .split('')
      .map((unit) => `\\u${hex(unit, 4)}`)
      .join('')
  return escapeControls(JSON.stringify(value, undefined, 2), units)
}

/** No character in it reaches a terminal as more than a character, and none ends a line within a text. */
export function formatValue(value: unknown, format: Exclude<Format, 'name'>): string {
  return format === 'json' ? jsonText(value) : yamlText(value)
}

export function formatObject(object: KubeObject, format: Format): string {
  return format === 'name' ? fullName(object) : formatValue(object, format)
}

export function formatList(items: readonly KubeObject[], format: Format): string {
  return format === 'name'
    ? items.map(fullName).join('\n')
    : formatValue({ apiVersion: 'v1', kind: 'List', items }, format)
}

/** `meilisnapshot.meili-operator.dev/first`. */
export const fullName = ({ kind = '', metadata }: KubeObject): string =>
  printable(`${kind.toLowerCase()}.${group}/${metadata.name}`)
