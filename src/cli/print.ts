// Objects for machines: -o json, yaml and name, as kubectl prints them. Pure.
import { stringify } from 'yaml'
import { group } from '../api/group.ts'
import type { KubeObject } from '../kube/resource.ts'

export const formats = ['json', 'yaml', 'name'] as const
export type Format = (typeof formats)[number]

/** The API server reads YAML 1.1, where `y` and `off` are booleans unless they are quoted. */
const yamlText = (value: unknown): string => stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()

export function printed(value: unknown, format: Exclude<Format, 'name'>): string {
  return format === 'json' ? JSON.stringify(value, undefined, 2) : yamlText(value)
}

export function printedObject(object: KubeObject, format: Format): string {
  return format === 'name' ? fullName(object) : printed(object, format)
}

export function printedList(items: readonly KubeObject[], format: Format): string {
  return format === 'name' ? items.map(fullName).join('\n') : printed({ apiVersion: 'v1', kind: 'List', items }, format)
}

/** `meilisnapshot.meili-operator.dev/first`. */
export const fullName = ({ kind = '', metadata }: KubeObject): string => `${kind.toLowerCase()}.${group}/${metadata.name}`
