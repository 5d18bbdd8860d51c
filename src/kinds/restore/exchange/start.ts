// The rungs while a server starts on the data that was exchanged: it serves and is compared, or it goes back by itself. Pure.
import type { V1Pod } from '@kubernetes/client-node'
import type { MeiliInstanceStatus } from '../../../api/instance.ts'
import { restoreReasons } from '../../../api/restore.ts'
import { isOfEarlierData } from '../../../api/status/restored-from.ts'
import { baseName } from '../../../reconcile/names/objects.ts'
import type { RestoreObservation } from '../observation.ts'
import { pauses } from '../status/pauses.ts'
import { failed, step } from '../status/verdict.ts'
import type { Rung } from '../status/verdict.ts'
import { compare } from './compare.ts'
import { claimNamed, instanceName, isGone, isSwitched, isOver, untilText } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { goBack } from './go-back.ts'
import { backDone, restoredDone } from './done.ts'
import { during, exchangeUnknown } from './rung.ts'
import { mounts } from './server-end.ts'
import { isPodReady, podTrouble, whyEngineFails } from './server-trouble.ts'
import { targetGone } from './stop.ts'

type Upgrade = NonNullable<MeiliInstanceStatus['upgrade']>

const instanceGone: Rung = (observation) => targetGone(observation)

/** A claim whose annotation was taken is given it again; one that is gone, or another that stands above it, is not argued with. */
const notTheData = during((observation, exchange, nowMs) => {
  const { target, restore } = observation
  const { isBack, to } = exchange
  if (isSwitched(target, exchange)) return undefined
  const other = target.data.find(({ generation }) => generation > to.generation)
  if (other !== undefined)
    return failed({
      reason: isBack ? restoreReasons.RollbackImpossible : restoreReasons.PlanStale,
      message: `Claim ${other.claim.metadata?.name ?? ''} has become the data meanwhile, generation ${other.generation}. Claim ${to.claimName} stays.`,
    })
  const isLost = isGone(claimNamed(target, to.claimName))
  if (isLost && isBack)
    return failed({ reason: restoreReasons.RollbackImpossible, message: `Claim ${to.claimName} is gone.` })
  if (isLost)
    return goBack(observation, exchange, { cause: 'StartFailed', why: `Claim ${to.claimName} is gone`, nowMs })
  return step({
    phase: 'Stopping',
    reason: isBack ? restoreReasons.RollingBack : restoreReasons.Stopping,
    message: `Claim ${to.claimName} does not say any more that it is the data of ${instanceName(restore)}. It is exchanged once more.`,
    againMs: pauses.nextMs,
  })
})

const askedBack = during((observation, exchange, nowMs) => {
  if (exchange.isBack || !observation.restore.spec.rollback) return undefined
  return goBack(observation, exchange, { cause: 'Asked', why: 'spec.rollback asks for the data from before', nowMs })
})

/** No server is to run: the data is where it should be, and that is all that can be said. */
const suspended = during((observation, exchange, nowMs) => {
  if (observation.target.instance?.spec.managed?.suspend !== true) return undefined
  const text = 'The server is suspended: it was not started, and nothing was compared.'
  return exchange.isBack ? backDone(observation, text, nowMs) : restoredDone(observation, { exchange, text }, nowMs)
})

/** Whatever the deadline says: another start seldom helps. */
const engineFails = during((observation, exchange, nowMs) => {
  const pod = serverPod(observation, exchange)
  const why = (pod === undefined ? undefined : whyEngineFails(pod)) ?? upgradeUnderWay(observation)?.failure
  return why === undefined || exchange.isBack
    ? undefined
    : goBack(observation, exchange, { cause: 'StartFailed', why, nowMs })
})

/** Of the data that was exchanged, and not done yet: one that stood still before, as one whose snapshot had failed, is not its. */
function upgradeUnderWay({ target: { instance, data } }: RestoreObservation): Upgrade | undefined {
  const { upgrade } = instance?.status ?? {}
  const isOther = upgrade === undefined || upgrade.step === 'Done' || isOfEarlierData(data[0]?.claim, upgrade.startedAt)
  return isOther ? undefined : upgrade
}

/** On the restored data the server goes back; on the data from before there is nothing else to go to, so the instance's own conditions say the rest. */
const pastDeadline = during((observation, exchange, nowMs) => {
  const { restore } = observation
  const { isBack, at } = exchange
  if (!isOver(restore, isBack ? { ...exchange, stoppingAt: at } : exchange, nowMs)) return undefined
  const whyNot = whyNotServing(observation, exchange)
  if (whyNot === undefined) return undefined
  const why = `The server did not serve within deadlines.switch (${restore.spec.deadlines.switch}). ${whyNot}`
  return isBack
    ? backDone(observation, why, nowMs)
    : goBack(observation, exchange, { cause: 'DeadlineExceeded', why, nowMs })
})

const serving = during((observation, exchange, nowMs) => {
  const pod = serverPod(observation, exchange)
  if (pod === undefined || whyNotServing(observation, exchange) !== undefined) return undefined
  if (exchange.isBack) return backDone(observation, '', nowMs)
  const { restore, server } = observation
  if (server.is !== 'answered') return undefined
  const { restored, text, differs } = compare(restore, server, { pod, nowMs })
  return differs
    ? goBack(observation, exchange, { cause: 'Mismatch', why: text, nowMs })
    : restoredDone(observation, { exchange, text, restored, pod }, nowMs)
})

const starting = during((observation, exchange) => {
  const why = whyNotServing(observation, exchange) ?? 'The server is about to be asked.'
  return step({
    phase: 'Starting',
    reason: exchange.isBack ? restoreReasons.RollingBack : restoreReasons.Starting,
    message: `The server starts on claim ${exchange.to.claimName}, ${untilText(observation.restore, exchange)}. ${why}`,
    changes: { waitingFor: why },
    againMs: pauses.answerMs,
  })
})

/** The one that has the data that was exchanged. */
function serverPod({ restore, target }: RestoreObservation, { to }: Exchange): V1Pod | undefined {
  const name = `${baseName({ metadata: { name: instanceName(restore) } })}-0`
  return target.pods.find(
    (pod) => pod.metadata?.name === name && pod.metadata.deletionTimestamp === undefined && mounts(pod, to.claimName),
  )
}

/** A sentence. Of the server on the restored data its answer counts as well, and that its database is of its version. */
function whyNotServing(observation: RestoreObservation, exchange: Exchange): string | undefined {
  const { target, server } = observation
  const pod = serverPod(observation, exchange)
  if (pod === undefined) return 'Its pod is being made.'
  if (!isPodReady(pod)) return podTrouble(pod) ?? `Pod ${pod.metadata?.name ?? ''} is starting.`
  if (exchange.isBack) return undefined
  const { pod: seen } = target.instance?.status ?? {}
  const upgrade = upgradeUnderWay(observation)
  if (seen?.uid !== pod.metadata?.uid || server.is === 'notAsked') return 'The server is about to be asked.'
  if (server.is === 'silent') return server.message
  return upgrade !== undefined && upgrade.step !== 'Snapshot'
    ? `Meilisearch ${upgrade.to} upgrades the database of ${upgrade.from}.`
    : undefined
}

export const startingRungs: readonly Rung[] = [
  exchangeUnknown, // it is on record what was exchanged with what
  instanceGone, // there is a server to start
  notTheData, // the claim that was exchanged is the data
  askedBack, // whoever wants the data from before gets it
  suspended, // a server that is not to run is not waited for
  serving, // it answers, with what the snapshot had
  engineFails, // an engine that ends again and again goes back at once
  pastDeadline, // nobody waits for ever for a server
  starting, // what it waits for is said
]
