// Reads a managed instance's claims, and says which of them is the data. Writes and judges nothing.
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node'
import type { ManagedServer, MeiliInstance } from '../../../api/instance.ts'
import type { KubeClient } from '../../../kube/client.ts'
import { persistentVolumeClaims } from '../../../kube/resource.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import { dataClaims, isBeingFilled } from '../../../reconcile/names/data-claim.ts'
import { claimNameOf, instanceLabels, isChildOf } from '../../../reconcile/names/objects.ts'
import type { ClaimRole } from '../../../reconcile/names/objects.ts'
import { selectorText } from '../locate/selector.ts'
import type { ManagedSeen } from '../observation.ts'

type Claim = V1PersistentVolumeClaim & KubeObject

/** One list has them all; what it lacks is asked for by its name, as that may be its user's, or somebody else's. */
export async function lookAtClaims(
  kube: KubeClient,
  instance: MeiliInstance,
): Promise<Pick<ManagedSeen, 'claims' | 'earlierData' | 'filling'>> {
  const { namespace } = instance.metadata
  const listed = await kube.listAll<Claim>(persistentVolumeClaims, {
    namespace,
    labelSelector: selectorText({ matchLabels: instanceLabels(instance) }),
  })
  const { managed } = instance.spec
  const own = listed.filter(({ metadata }) => isChildOf(instance, metadata.labels))
  const isGiven = managed?.storage.claimName !== undefined
  const [data, ...earlierData] = isGiven ? [] : dataClaims(instance, own)
  const names = Object.entries(wantedNames(instance, managed)).filter(([role]) => role !== 'data' || data === undefined)
  const found = await Promise.all(
    names.map(
      async ([role, name]) =>
        [
          role,
          own.find(({ metadata }) => metadata.name === name) ??
            (await kube.find<Claim>(persistentVolumeClaims, { namespace, name })),
        ] as const,
    ),
  )
  // One that was made since the list, and is found by its name, is being filled as those of the list are: never the data.
  const byName = found.flatMap(([, claim]) => (claim === undefined || own.includes(claim) ? [] : [claim]))
  const filling = isGiven ? [] : [...own, ...byName].filter((claim) => isBeingFilled(instance, claim))
  const isThere = ([, claim]: (typeof found)[number]): boolean => claim !== undefined && !filling.includes(claim)
  return {
    claims: {
      ...(data === undefined ? {} : { data: data.claim }),
      ...Object.fromEntries(found.filter(isThere)),
    },
    earlierData,
    filling,
  }
}

function wantedNames(instance: MeiliInstance, managed: ManagedServer | undefined): Partial<Record<ClaimRole, string>> {
  const name = (role: ClaimRole, given?: string): string => given ?? claimNameOf(instance, role)
  return {
    data: name('data', managed?.storage.claimName),
    ...(managed?.snapshots === undefined ? {} : { snapshots: name('snapshots', managed.snapshots.claimName) }),
    ...(managed?.scratch?.size === undefined ? {} : { scratch: name('scratch') }),
  }
}
