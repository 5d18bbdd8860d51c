// Lists the fields in which an object differs from the desired one. What others added does not count: server-side apply leaves it alone. Pure.
import { quantityValue } from '../../../api/fields/quantity.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** As the API server keeps it: what is empty may be absent. */
const isEmpty = (value: unknown): boolean =>
  value === '' ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isFields(value) && Object.keys(value).length === 0)

/** Members by which Kubernetes tells the elements of a list apart, where it merges lists. */
const listKeys = ['name', 'mountPath', 'uid', 'containerPort', 'port'] as const

/** Paths of the fields that are absent or other than wanted, for example `spec.template.spec.containers[meilisearch].image`. */
export function differences(wanted: unknown, there: unknown, path = ''): readonly string[] {
  if (wanted === undefined || (there === undefined && isEmpty(wanted))) return []
  if (Array.isArray(wanted)) return inList(wanted, there, path)
  if (isFields(wanted)) {
    if (!isFields(there)) return [path]
    return Object.entries(wanted).flatMap(([name, value]) =>
      differences(value, there[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return wanted === there || isSameQuantity(wanted, there, path) ? [] : [path]
}

function inList(wanted: readonly unknown[], there: unknown, path: string): readonly string[] {
  if (!Array.isArray(there)) return [path]
  const list = there as readonly unknown[]
  const key = listKeys.find((name) => wanted.every((element) => isFields(element) && element[name] !== undefined))
  if (key === undefined)
    return wanted.length === list.length
      ? wanted.flatMap((element, index) => differences(element, list[index], `${path}[${index}]`))
      : [path]
  return wanted.flatMap((element) => {
    const own = (element as Fields)[key]
    const found = list.find((candidate) => isFields(candidate) && candidate[key] === own)
    return differences(element, found, `${path}[${String(own)}]`)
  })
}

/** The API server writes quantities in its own form: 0.5 becomes 500m. */
function isSameQuantity(wanted: unknown, there: unknown, path: string): boolean {
  if (!/resources|sizeLimit/.test(path)) return false
  const [a, b] = [wanted, there].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? quantityValue(value) : undefined,
  )
  return a !== undefined && a === b
}
