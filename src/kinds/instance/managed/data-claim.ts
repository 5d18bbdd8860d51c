// Makes sure that it is certain which claim has a managed server's data, before any server is started on one. Pure.
// A generation never goes down: with the claim that was the data gone, an older one is not served without a word.
import { dataGenerationAnnotation } from '../../../api/restore.ts'
import { instanceReasons } from '../../../api/instance.ts'
import { generationOf } from '../../../reconcile/names/data-claim.ts'
import { claimNameOf } from '../../../reconcile/names/objects.ts'
import { awaitsBootstrap } from '../children/bootstrap.ts'
import { dataMountedBy } from '../children/managed.ts'
import type { Managed } from '../children/managed.ts'
import { stalled } from '../status/verdict.ts'
import type { Step } from '../status/verdict.ts'

/** Whatever runs goes on as it is. */
export function dataUnclear(managed: Managed): Step | undefined {
  if (managed.spec.storage.claimName !== undefined) return undefined
  const filling = awaitsBootstrap(managed) ? undefined : neverFilled(managed)
  const message = sameGeneration(managed) ?? generationLost(managed) ?? filling
  return message === undefined ? undefined : stalled({ reason: instanceReasons.DataClaimUnclear, message })
}

function currentGeneration({ instance, seen }: Managed): number | undefined {
  return seen.claims.data === undefined ? undefined : generationOf(instance, seen.claims.data)
}

function sameGeneration(managed: Managed): string | undefined {
  const generation = currentGeneration(managed)
  const { data } = managed.seen.claims
  const twins = managed.seen.earlierData.filter((earlier) => earlier.generation === generation)
  if (generation === undefined || twins.length === 0) return undefined
  const names = [data, ...twins.map(({ claim }) => claim)].map((claim) => claim?.metadata?.name ?? '').toSorted()
  return `Claims ${names.slice(0, 4).join(', ')} all say that they are generation ${generation} of the data (annotation ${dataGenerationAnnotation}); nothing was changed. Take the annotation, and the labels of this MeiliInstance, from those that are not the data.`
}

/** What the StatefulSet ran on last, by its own annotation: a claim whose number or which itself is gone since. */
function generationLost(managed: Managed): string | undefined {
  const { instance, seen } = managed
  const served = Number(seen.statefulSet?.metadata?.annotations?.[dataGenerationAnnotation] ?? 0)
  const generation = currentGeneration(managed) ?? 0
  if (!(served > generation)) return undefined
  const name = dataMountedBy(seen.statefulSet?.spec?.template.spec) ?? ''
  const annotate = (claim: string, number: number): string =>
    `kubectl -n ${instance.metadata.namespace} annotate --overwrite pvc ${claim} ${dataGenerationAnnotation}=${number}`
  if (isThere(managed, name))
    return `Claim ${name} is what this server runs on, generation ${served} of its data, and has lost or changed its annotation ${dataGenerationAnnotation}; nothing was changed. Put it back: ${annotate(name, served)}`
  const left = seen.claims.data?.metadata?.name
  return left === undefined
    ? undefined
    : `Claim ${name}, generation ${served} of the data, is gone, or its labels are. Claim ${left} is older, generation ${generation}: no server is started on it without a word from you. If it is to be the data from now on: ${annotate(left, served + 1)}`
}

function isThere({ seen }: Managed, name: string): boolean {
  const claims = [seen.claims.data, ...seen.earlierData.map(({ claim }) => claim), ...seen.filling]
  return claims.some((claim) => claim?.metadata?.name === name)
}

/** A restore began to fill it, and nobody has said that it is the data. */
function neverFilled({ instance, seen }: Managed): string | undefined {
  const name = claimNameOf(instance, 'data')
  if (seen.claims.data !== undefined || seen.filling.every(({ metadata }) => metadata?.name !== name)) return undefined
  return `Claim ${name} was being filled by a restore, which has not made it the data. It was not touched. Delete the claim, or let the MeiliRestore end.`
}
