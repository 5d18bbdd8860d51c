// Names other people's Services that select a managed server's pod, and so can send it traffic. Reports them, and changes nothing. Pure.
import type { V1Pod, V1Service } from '@kubernetes/client-node'
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { baseName } from '../../../reconcile/names/objects.ts'
import type { Managed } from './managed.ts'

/** As the cluster does: without a selector a Service selects nothing. One of type ExternalName sends nothing to pods. */
export function selectsPod({ spec }: V1Service, { metadata }: V1Pod): boolean {
  const selector = Object.entries(spec?.selector ?? {})
  return (
    selector.length > 0 &&
    spec?.type !== 'ExternalName' &&
    selector.every(([label, value]) => metadata?.labels?.[label] === value)
  )
}

/** So that names that others give do not fill status. */
const mostNamed = 3

/** A Service of our own name is ours, or `NameTaken` speaks of it. */
export function foreignService({ instance, seen }: Managed): Wanted[] {
  const own = baseName(instance)
  const names = seen.selectedBy.filter((name) => name !== own).toSorted()
  if (names.length === 0) return []
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''
  const message = `By the pod's labels these Services select this server, too, and what is sent to them can reach it: ${names.slice(0, mostNamed).join(', ')}${more}. Give them a selector that does not match the pod, or take the label that they go by out of podLabels. Service ${own} is the server's own. If this is intended, do nothing.`
  return [{ type: instanceConditions.ForeignService, status: 'True', reason: instanceReasons.ForeignService, message }]
}
