// Fills the claim of a new server before the server is made: by a MeiliRestore of its own, once, and only while there is no data. Pure.
import { apiVersion } from '../../../api/group.ts'
import { instanceReasons } from '../../../api/instance.ts'
import type { MeiliInstance } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import { meiliRestores } from '../../../api/restore.ts'
import type { MeiliRestore } from '../../../api/restore.ts'
import { conditionNamed } from '../../../api/status/conditions.ts'
import type { Effect } from '../../../reconcile/decision.ts'
import { bootstrapRestoreName } from '../../../reconcile/names/data-claim.ts'
import { instanceLabels } from '../../../reconcile/names/objects.ts'
import type { Managed } from '../children/managed.ts'
import { awaitsBootstrap, sourceText } from '../children/bootstrap.ts'
import type { Bootstrap } from '../children/bootstrap.ts'
import { ownerOf } from '../children/children.ts'
import { pauses } from '../status/pauses.ts'
import { stalled, step, waiting } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

const readyOf = ({ status }: MeiliRestore): { reason: string; message: string } | undefined =>
  conditionNamed(status?.conditions, conditionTypes.Ready)

export function bootstrapping(managed: Managed): Step | undefined {
  const { instance, observation, seen, spec } = managed
  if (spec.bootstrap === undefined || !awaitsBootstrap(managed)) return undefined
  const restore = seen.bootstrap
  const name = bootstrapRestoreName(instance)
  if (restore !== undefined) return followRestore(restore, spec.bootstrap)
  if (observation.pods.length > 0 || (seen.statefulSet?.status?.replicas ?? 0) > 0)
    return waiting({
      reason: instanceReasons.Bootstrapping,
      message: 'Its data is to be restored, as the claim is gone. The server stops first.',
    })
  return step({
    reason: instanceReasons.Bootstrapping,
    message: `MeiliRestore ${name} is to fill its claim, from ${sourceText(spec.bootstrap)}; the server is made after that.`,
    effects: [createRestore(instance, spec.bootstrap)],
    againMs: pauses.waitMs,
  })
}

function followRestore({ metadata, status, ...restore }: MeiliRestore, bootstrap: Bootstrap): Step {
  const { Bootstrapping, BootstrapFailed } = instanceReasons
  const { name, namespace } = metadata
  if (metadata.deletionTimestamp !== undefined)
    return waiting({
      reason: Bootstrapping,
      message: `MeiliRestore ${name} is being deleted. Another one follows when it is gone.`,
    })
  const ready = readyOf({ metadata, ...restore, ...(status === undefined ? {} : { status }) })
  const again = `Delete it to try again: kubectl -n ${namespace} delete meilirestore ${name}`
  switch (status?.phase) {
    case 'Failed':
    case 'RolledBack':
      return stalled({
        reason: BootstrapFailed,
        message: `MeiliRestore ${name} failed: ${ready?.message ?? ''} No server was made. ${again}; or take bootstrap out of spec, and the server starts empty.`,
      })
    case 'Completed':
      return stalled({
        reason: BootstrapFailed,
        message: `MeiliRestore ${name} has filled a claim, which is gone since. ${again}; or take bootstrap out of spec, and the server starts empty.`,
      })
    default:
      return waiting({
        reason: Bootstrapping,
        message: `MeiliRestore ${name} fills the claim, from ${sourceText(bootstrap)}. ${ready?.message ?? ''}`.trim(),
      })
  }
}

/** A source that may be absent is not waited for as long as one that must be there. */
const emptyAfter = '2m'

function createRestore(instance: MeiliInstance, { from, ifAbsent, version, sanitize }: Bootstrap): Effect {
  const { name, namespace } = instance.metadata
  return {
    kind: 'CreateRestore',
    restore: {
      apiVersion,
      kind: meiliRestores.kind,
      metadata: {
        name: bootstrapRestoreName(instance),
        namespace,
        labels: { 'app.kubernetes.io/managed-by': 'meili-operator', ...instanceLabels(instance) },
        ownerReferences: [ownerOf(instance)],
      },
      spec: {
        source: from,
        target: { inPlace: { instanceRef: { name } } },
        confirm: name,
        version,
        sanitize,
        ...(ifAbsent === 'Empty' ? { deadlines: { start: emptyAfter } } : {}),
      },
    },
  }
}
