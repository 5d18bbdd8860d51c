// Finds why the API server refused, from the fields of its reply where one says so, else from its words. Nothing else reads those words.
import type { RefusalCause } from '../errors.ts'

/** As much of a Status as says why. */
export interface StatusReply {
  readonly reason?: string
  readonly message?: string
  readonly details?: {
    readonly retryAfterSeconds?: number
    readonly causes?: readonly { readonly reason?: string }[]
  }
}

/**
 * Refusals that have no field of their own, all of them 403 Forbidden or 404 NotFound:
 * ResourceQuota (apiserver, pkg/admission/plugin/resourcequota/controller.go), PersistentVolumeClaimResize
 * (kubernetes, plugin/pkg/admission/storage/persistentvolume/resize/admission.go), and the reply in place of a kind
 * (apimachinery, pkg/api/errors, NewGenericServerResponse).
 */
const words: readonly (readonly [number, RegExp, RefusalCause])[] = [
  [403, /exceeded quota: /, 'Quota'],
  [
    403,
    /only dynamically provisioned pvc can be resized|bound persistent volume claims can be expanded/i,
    'NotExpandable',
  ],
  [404, /could not find the requested resource/, 'KindUnknown'],
]

export function refusalCause(status: number, { message, details }: StatusReply): RefusalCause | undefined {
  // NamespaceLifecycle (apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go).
  if (hasCause(details, 'NamespaceTerminating')) return 'NamespaceTerminating'
  const text = typeof message === 'string' ? message : ''
  return words.find(([code, pattern]) => code === status && pattern.test(text))?.[2]
}

/** A body is whatever came, so it is looked at with care. */
function hasCause(details: StatusReply['details'], wanted: string): boolean {
  const causes: unknown = details?.causes
  return (
    Array.isArray(causes) &&
    (causes as readonly (Partial<Record<string, unknown>> | null)[]).some((cause) => cause?.['reason'] === wanted)
  )
}
