// Builds a kind's CustomResourceDefinition as the API server stores it: applied twice it gives no diff.
// Pure. Schemas are made in structural-schema.ts; nothing is written to disk here (crds/generate.ts does that).
import { category } from '../group.ts'
import type { Column, Kind } from '../group.ts'
import { structuralSchema } from './structural-schema.ts'
import type { StructuralSchema } from './structural-schema.ts'

interface PrinterColumn {
  readonly name: string
  readonly type: Column['type']
  readonly jsonPath: string
  readonly description?: string
  readonly priority?: 1
}

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1'
  readonly kind: 'CustomResourceDefinition'
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced'
    readonly names: {
      readonly kind: string
      readonly listKind: string
      readonly plural: string
      readonly singular: string
      readonly shortNames: readonly string[]
      readonly categories: readonly string[]
    }
    readonly conversion: { readonly strategy: 'None' }
    readonly versions: readonly {
      readonly name: string
      readonly served: true
      readonly storage: true
      readonly schema: { readonly openAPIV3Schema: StructuralSchema }
      readonly subresources: { readonly status: Readonly<Record<string, never>> }
      readonly additionalPrinterColumns: readonly PrinterColumn[]
    }[]
  }
}

/** Client-side apply keeps a copy in an annotation of at most 256 KiB. */
const maxBytes = 200_000

/** The API server drops a priority of 0, so it is never written: it would show as a difference. */
function printerColumn({ name, type, jsonPath, description, priority }: Column): PrinterColumn {
  return {
    name,
    type,
    jsonPath,
    ...(description !== undefined && { description }),
    ...(priority === 1 && { priority }),
  }
}

function root(kind: Kind): StructuralSchema {
  return {
    description: kind.description,
    type: 'object',
    required: ['spec'],
    properties: {
      spec: { description: 'What is wanted.', ...structuralSchema(kind.spec, `${kind.kind}.spec`) },
      // Without it kstatus (Flux, Helm) takes an object that nobody has looked at yet for done.
      status: {
        description: 'What was seen.',
        ...structuralSchema(kind.status, `${kind.kind}.status`),
        default: { observedGeneration: -1 },
      },
    },
  }
}

/** The CRD of a kind. Throws, naming the field, when its schema cannot be a structural one. */
export function customResourceDefinition(kind: Kind): CustomResourceDefinition {
  const crd: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      labels: { 'app.kubernetes.io/name': 'meili-operator', 'app.kubernetes.io/part-of': 'meili-operator' },
    },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: [category],
      },
      conversion: { strategy: 'None' },
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: root(kind) },
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns.map(printerColumn),
        },
      ],
    },
  }
  const bytes = JSON.stringify(crd).length
  if (bytes > maxBytes)
    throw new Error(
      `${kind.kind}: the CRD has ${bytes} bytes, more than ${maxBytes}: client-side apply would refuse it`,
    )
  return crd
}
