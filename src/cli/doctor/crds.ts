// Doctor's checks of the CRDs: are they there, and do they have the fields that this plugin knows? Pure.
import { customResourceDefinition } from '../../api/crd/crd.ts'
import type { Kind } from '../../api/group.ts'
import type { StructuralSchema } from '../../api/crd/structural-schema.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { install } from '../errors.ts'
import { ok, problem, uncheckedFinding, warning } from './finding.ts'
import type { Finding, Observed } from './finding.ts'

/** The part of an installed CRD that is looked at. */
export interface InstalledDefinition extends KubeObject {
  readonly spec?: {
    readonly versions?: readonly {
      readonly name: string
      readonly served?: boolean
      readonly schema?: { readonly openAPIV3Schema?: Schema }
    }[]
  }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
  }
}

type Schema = Pick<StructuralSchema, 'properties' | 'items' | 'additionalProperties'>

const check = 'crds'

/** @param version the plugin's own, for the remedy */
export function diagnoseKinds(
  seen: readonly (readonly [Kind, Observed<InstalledDefinition | undefined>])[],
  version: string,
): Finding[] {
  const findings = seen.map(([kind, definition]) => diagnoseKind(kind, definition, version))
  const isWell = findings.every(({ level }) => level === 'ok')
  return isWell ? [ok(check, `CRDs present, as this plugin (${version}) knows them`)] : findings
}

function diagnoseKind(kind: Kind, seen: Observed<InstalledDefinition | undefined>, version: string): Finding {
  const name = `${kind.plural}.${kind.group}`
  if ('refused' in seen) return uncheckedFinding(check, `CRD ${name}`, seen.refused)
  const { value } = seen
  if (value === undefined) return problem(check, `CRD ${name} is missing`, install)
  const served = value.spec?.versions?.find((each) => each.name === kind.version && each.served === true)
  if (served === undefined)
    return problem(check, `CRD ${name} does not serve ${kind.version}`, `${install} (version ${version})`)
  const established = value.status?.conditions?.find(({ type }) => type === 'Established')
  if (established?.status !== 'True')
    return problem(
      check,
      `CRD ${name} is not established: ${value.status?.conditions?.find(({ status, message }) => status === 'False' && message !== undefined)?.message ?? 'no reason given'}`,
      `kubectl describe crd ${name}`,
    )
  return compareFields(name, { installed: fieldsOf(served.schema?.openAPIV3Schema), known: knownFields(kind), version })
}

function knownFields(kind: Kind): Set<string> {
  return fieldsOf(customResourceDefinition(kind).spec.versions[0]?.schema.openAPIV3Schema)
}

function compareFields(
  name: string,
  { installed, known, version }: { installed: ReadonlySet<string>; known: ReadonlySet<string>; version: string },
): Finding {
  const missing = topmost([...known].filter((field) => !installed.has(field)))
  if (missing.length > 0)
    return problem(
      check,
      `CRD ${name} is old: it lacks ${fieldsText(missing)}, and the API server drops what it does not know`,
      `${install} (version ${version})`,
    )
  const extra = topmost([...installed].filter((field) => !known.has(field)))
  if (extra.length > 0)
    return warning(
      check,
      `CRD ${name} is newer than this plugin (${version}), which does not know ${fieldsText(extra)}`,
      'install the plugin of the same version as the operator',
    )
  return ok(check, `CRD ${name} present, as this plugin (${version}) knows it`)
}

/** Paths of all fields: `spec.destination.claim.name`; `[]` for the items of a list, `{}` for the values of a map. */
function fieldsOf(schema: Schema | undefined, path = '', found = new Set<string>()): Set<string> {
  for (const [name, inner] of Object.entries(schema?.properties ?? {})) {
    const field = path === '' ? name : `${path}.${name}`
    found.add(field)
    fieldsOf(inner, field, found)
  }
  if (schema?.items !== undefined) fieldsOf(schema.items, `${path}[]`, found)
  if (typeof schema?.additionalProperties === 'object') fieldsOf(schema.additionalProperties, `${path}{}`, found)
  return found
}

/** Without the fields inside a field that is named already. */
function topmost(fields: readonly string[]): string[] {
  return fields.filter(
    (field) =>
      !fields.some((outer) => field !== outer && field.startsWith(outer) && /^[.[{]/.test(field.slice(outer.length))),
  )
}

const shown = 4
const fieldsText = (fields: readonly string[]): string =>
  `${fields.slice(0, shown).join(', ')}${fields.length > shown ? ` and ${fields.length - shown} more` : ''}`
