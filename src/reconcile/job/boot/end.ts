// Reads how a Job of job.ts ended: its own container, the filler before it, and the engine beside. Pure.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { redact, sentence } from '../../../api/status/text.ts'
import { exitCodes } from '../../../mover/contract.ts'
import type { Inspected, MoverResult } from '../../../mover/contract.ts'
import { spanText } from '../../format.ts'
import { engineContainer } from './engine.ts'
import { fillContainer } from './job.ts'
import { isKilledAgain, killedIn } from './killed.ts'
import { lifeOf } from '../life.ts'
import type { JobLife } from '../life.ts'
import type { MoverSeen } from '../seen.ts'
import { moverContainer } from '../template.ts'
import { resultOf } from '../termination.ts'
import { usualWaits } from '../waiting.ts'

const initStatus = (pod: V1Pod | undefined, name: string): V1ContainerStatus | undefined =>
  pod?.status?.initContainerStatuses?.find((status) => status.name === name)

/** As `lifeOf`, where a filler that failed is an end, too, and an engine that does not start a reason to wait. */
export function bootLifeOf(mover: MoverSeen, retryAt: string | undefined, nowMs: number): JobLife {
  const life = lifeOf(mover, retryAt, nowMs)
  if (life.is === 'running') {
    const result = fillFailure(mover.pod)
    const end = result ?? engineGivesUp(mover.pod)
    if (end !== undefined) return { is: 'ended', result: end, isGoing: life.isGoing }
    return { ...life, why: life.why ?? whyEngineWaits(mover.pod) }
  }
  if (life.is !== 'ended') return life
  const result = fillFailure(mover.pod) ?? withEngine(life.result, mover.pod)
  return { ...life, result }
}

/** So often it is started again, with the kubelet's pauses in between: then it does not stay up, and inspect waits for nothing. */
const maxRestarts = 3

function engineGivesUp(pod: V1Pod | undefined): MoverResult | undefined {
  const { restartCount = 0 } = initStatus(pod, engineContainer) ?? {}
  return restartCount < maxRestarts && !isKilledAgain(pod)
    ? undefined
    : {
        exitCode: exitCodes.inspectionFailed,
        message: `Meilisearch does not stay up on it. ${engineEnd(pod) ?? ''}`.trim(),
      }
}

/** The filler's own words. */
function fillFailure(pod: V1Pod | undefined): MoverResult | undefined {
  const ended = initStatus(pod, fillContainer)?.state?.terminated
  if (ended === undefined || ended.exitCode === 0) return undefined
  return resultOf({ exitCode: ended.exitCode, reason: ended.reason ?? '', message: ended.message ?? '' })
}

/** What inspect cannot know: why the engine went away, or never answered. Its log may hold anything, and is cut. */
function withEngine(result: MoverResult, pod: V1Pod | undefined): MoverResult {
  if (result.exitCode === exitCodes.done || result.inspected !== undefined) return result
  const why = engineEnd(pod)
  if (why === undefined) return result
  return { ...result, message: `${sentence(result.message)} ${why}` }
}

function engineEnd(pod: V1Pod | undefined): string | undefined {
  const killed = killedIn(pod)
  if (killed !== undefined) return killed.why
  const { state, lastState, restartCount = 0 } = initStatus(pod, engineContainer) ?? {}
  const ended = lastState?.terminated ?? state?.terminated
  if (ended === undefined || (restartCount === 0 && ended.exitCode === 143)) return undefined
  const words = redact((ended.message ?? '').replaceAll(/\s+/g, ' ').trim(), 400)
  return sentence(`It had ended with exit code ${ended.exitCode}${words === '' ? '' : `: ${words}`}`)
}

/** Why what stands before inspect does not run, or does not stay: its image, or what it says. */
function whyEngineWaits(pod: V1Pod | undefined): string | undefined {
  for (const name of [fillContainer, engineContainer]) {
    const waiting = initStatus(pod, name)?.state?.waiting
    if (waiting?.reason !== undefined && !usualWaits.has(waiting.reason))
      return sentence(`container ${name} does not run: ${waiting.reason}: ${waiting.message ?? ''}`)
  }
  return undefined
}

export interface RestoreDuration {
  readonly fetch?: string
  readonly extract?: string
  readonly open?: string
  readonly firstSearch?: string
  readonly total: string
  readonly totalMs: number
}

/** What it took to come back: unpacked by the filler, opened by the engine, and the first answer. */
export function restoreDurationOf(pod: V1Pod | undefined, { openMs, firstSearchMs = 0 }: Inspected): RestoreDuration {
  const filled = initStatus(pod, fillContainer)?.state?.terminated
  const { seconds = {} } =
    filled === undefined ? {} : resultOf({ exitCode: filled.exitCode, reason: '', message: filled.message ?? '' })
  const fetchMs = Math.round((seconds.fetch ?? 0) * 1000)
  const extractMs = Math.round((seconds.extract ?? 0) * 1000)
  const wholeOpenMs = openMs + headStartMs(pod)
  const totalMs = fetchMs + extractMs + wholeOpenMs + firstSearchMs
  return {
    ...(seconds.fetch === undefined ? {} : { fetch: spanOf(fetchMs) }),
    ...(seconds.extract === undefined ? {} : { extract: spanOf(extractMs) }),
    open: spanOf(wholeOpenMs),
    firstSearch: spanOf(firstSearchMs),
    total: spanOf(totalMs),
    totalMs,
  }
}

/** How much earlier than inspect the engine was started, in whole seconds, as the kubelet writes times. */
function headStartMs(pod: V1Pod | undefined): number {
  const engine = initStatus(pod, engineContainer)
  const inspect = pod?.status?.containerStatuses?.find(({ name }) => name === moverContainer)
  const begun = engine?.state?.running?.startedAt ?? engine?.state?.terminated?.startedAt
  const asked = inspect?.state?.terminated?.startedAt
  // Times come as text in JSON.
  const aheadMs = Date.parse(String(asked)) - Date.parse(String(begun))
  return Number.isNaN(aheadMs) ? 0 : Math.max(0, aheadMs)
}

/** Below a second in milliseconds: small databases take no longer. */
const spanOf = (spanMs: number): string => (spanMs < 1000 ? `${spanMs}ms` : spanText(spanMs))
