// Tasks and webhooks are taken out of what was unpacked: the Job that does it, what follows on each of its ends, and what is said of it.
import type { V1PodSpec } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { meiliRestores, restoreReasons, restoredFromAnnotation } from '../../../../../src/api/restore.ts'
import type { MeiliRestoreStatus } from '../../../../../src/api/restore.ts'
import { readRestoredFrom } from '../../../../../src/api/status/restored-from.ts'
import { exitCodes, moverConfig } from '../../../../../src/mover/contract.ts'
import type { MoverConfig, MoverResult } from '../../../../../src/mover/contract.ts'
import { at, decided, filled, going, newClaim } from '../../../../support/builders/exchanges.ts'
import type { ExchangeSeen, Said } from '../../../../support/builders/exchanges.ts'
import { endedMover, runningMover } from '../../../../support/builders/restores.ts'
import { podSecurityViolations } from '../../../../support/kubernetes/pod-security.ts'

const reasons = restoreReasons
const asked = { sanitize: { tasks: 'Discard', webhooks: 'Remove' } }
const jobName = 'back-5d2f0c1e-sanitize-1'
const begun: MeiliRestoreStatus = { ...filled, sanitize: { attempt: 1, jobName, startedAt: at(-30) } }
const done: MeiliRestoreStatus = {
  ...filled,
  sanitize: { attempt: 1, jobName, tasksDiscarded: 3, cancelationUid: 12, webhooksRemoved: 2, completedAt: at(-5) },
}

const says = ({ spec = {}, ...seen }: ExchangeSeen = {}): Said => {
  const said = decided({ status: begun, spec: { ...asked, ...spec }, ...seen })
  expect(meiliRestores.status.parse(said.status)).toEqual(JSON.parse(JSON.stringify(said.status)))
  return said
}
const ends = (result: Partial<MoverResult>, seen: ExchangeSeen = {}): Said =>
  says({ ...seen, rest: { mover: endedMover(jobName, result) } })
const reasonOf = ({ status }: Said): string | undefined =>
  status.conditions?.find(({ type }) => type === 'Ready')?.reason
const messageOf = ({ status }: Said): string => status.conditions?.find(({ type }) => type === 'Ready')?.message ?? ''

function podOf({ decision }: Said): { pod: V1PodSpec; config: MoverConfig } {
  const [effect] = decision.effects
  if (effect?.kind !== 'CreateJob') throw new Error(JSON.stringify(effect))
  const pod = effect.job.spec!.template.spec!
  return { pod, config: moverConfig.parse(JSON.parse(pod.containers[0]?.env?.[0]?.value ?? '')) }
}

describe('between what was unpacked and its exchange', () => {
  test('nothing is done where nothing is to be taken out', () => {
    expect(decided({ status: filled }).status.phase).toBe('Stopping')
  })

  test('it is on record before its Job is made, and the server is not stopped', () => {
    const said = says({ status: filled })
    expect(said.status).toMatchObject({ phase: 'Verifying', sanitize: { attempt: 1, jobName } })
    expect(said.decision.effects).toEqual([])
    expect(reasonOf(said)).toBe(reasons.Sanitizing)
  })

  test('the Job has the filled claim alone, an engine that runs no task and is cut off, and passes Pod Security', () => {
    const { pod, config } = podOf(says())
    expect(config).toMatchObject({
      command: 'sanitize',
      database: { claim: newClaim, directory: 'data.ms' },
      tasks: 'Discard',
      webhooks: 'Remove',
    })
    expect(pod.volumes?.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName)).toEqual([
      newClaim,
      undefined,
    ])
    const [engine] = pod.initContainers ?? []
    const environment = Object.fromEntries(engine?.env?.map(({ name, value }) => [name, value]) ?? [])
    expect(engine).toMatchObject({ name: 'engine', restartPolicy: 'Always', image: 'getmeili/meilisearch:v1.21.0' })
    expect(environment).toMatchObject({
      MEILI_HTTP_ADDR: '127.0.0.1:7700',
      MEILI_DB_PATH: '/data/data.ms',
      MEILI_EXPERIMENTAL_MAX_NUMBER_OF_BATCHED_TASKS: '0',
      MEILI_DUMP_DIR: '/work/dumps',
      TMPDIR: '/work',
      HTTPS_PROXY: 'http://127.0.0.1:9',
    })
    expect(environment).not.toHaveProperty('MEILI_MASTER_KEY')
    expect(environment).not.toHaveProperty('MEILI_UPGRADE_DB')
    expect(pod).toMatchObject({ dnsPolicy: 'None', dnsConfig: { nameservers: ['127.0.0.1'] } })
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(podSecurityViolations({ spec: pod })).toEqual([])
  })

  test('a Job that runs is followed, and an engine that cannot start is explained', () => {
    expect(reasonOf(says({ rest: { mover: runningMover(jobName) } }))).toBe(reasons.Sanitizing)
    const waiting = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }
    const pod = { status: { phase: 'Pending', initContainerStatuses: [{ name: 'engine', state: waiting }] } } as never
    const said = says({ rest: { mover: runningMover(jobName, { pod }) } })
    expect(reasonOf(said)).toBe(reasons.MoverWaiting)
    expect(messageOf(said)).toContain('ImagePullBackOff: no such image')
  })
})

describe('how it ends', () => {
  const sanitized = { tasksDiscarded: 3, cancelationUid: 12, webhooksRemoved: 2 }

  test('what was taken out is on record, and then the server is stopped', () => {
    const said = ends({ sanitized })
    expect(said.status).toMatchObject({ phase: 'Verifying', sanitize: { ...sanitized, completedAt: at(0) } })
    expect(said.decision.effects).toEqual([expect.objectContaining({ kind: 'DeleteJob', name: jobName })])
    expect(says({ status: said.status }).status.phase).toBe('Stopping')
  })

  test('a mover that ends well and does not say that both are done has failed', () => {
    const said = ends({ sanitized: { webhooksRemoved: 2 } })
    expect(said.status.sanitize).toMatchObject({ attempt: 2, failures: 1 })
    expect(said.status.sanitize?.completedAt).toBeUndefined()
  })

  test.each([
    ['something is left, or has run', exitCodes.sanitizeFailed],
    ['the engine does not stay up', exitCodes.inspectionFailed],
  ])('where %s it fails at once, nothing is exchanged, and the message has the way out', (_, exitCode) => {
    const said = ends({ exitCode, message: 'Two webhooks are left.' })
    expect(said.status.phase).toBe('Failed')
    expect(reasonOf(said)).toBe(reasons.SanitizeFailed)
    expect(messageOf(said)).toMatch(/Two webhooks are left\. Nothing was exchanged.*Without sanitize another/s)
    expect(said.status.switched).toBeUndefined()
  })

  test('what may pass is tried three times', () => {
    const once = ends({ exitCode: exitCodes.inputOutput, message: 'It hung up.' })
    expect(once.status).toMatchObject({
      phase: 'Verifying',
      sanitize: { attempt: 2, failures: 1, jobName: 'back-5d2f0c1e-sanitize-2' },
    })
    const last = { ...filled, sanitize: { attempt: 3, failures: 2, jobName, startedAt: at(-30) } }
    const said = ends({ exitCode: exitCodes.inputOutput, message: 'It hung up.' }, { status: last })
    expect(said.status.phase).toBe('Failed')
    expect(messageOf(said)).toContain('failed 3 times. Last: It hung up.')
  })

  test('past deadlines.fill its Job is ended, and seen gone, before it fails', () => {
    const late = { ...begun, fill: { ...begun.fill!, startedAt: at(-7 * 3600) } }
    const ending = says({ status: late, rest: { mover: runningMover(jobName) } })
    expect(ending.status.phase).toBe('Verifying')
    expect(ending.decision.effects).toEqual([expect.objectContaining({ kind: 'DeleteJob' })])
    expect(says({ status: late }).status.phase).toBe('Failed')
  })
})

describe('what is said of it', () => {
  test('a version whose tasks run as soon as it starts is refused before anything is made', () => {
    const resolved = { ...filled.resolved!, meilisearchVersion: '1.14.0' }
    const status = { phase: 'Pending', resolved, startedAt: at(-60) } as const
    const said = says({ status, spec: { version: 'AllowUpgrade' } })
    expect(reasonOf(said)).toBe(reasons.SanitizeImpossible)
    expect(messageOf(said)).toContain('before 1.15.0')
    const unpacked = { ...filled, fill: { ...filled.fill!, version: '1.14.2' }, resolved }
    delete (unpacked.resolved as { meilisearchVersion?: string }).meilisearchVersion
    expect(reasonOf(says({ status: unpacked })), 'and once it is certain').toBe(reasons.SanitizeImpossible)
  })

  test('the plan names what is discarded and removed, in place of what would run', () => {
    const resolved = { ...filled.resolved!, tasksEnqueued: 3 }
    const status = { phase: 'Pending', resolved, startedAt: at(-60) } as const
    const rest = { sourceClaim: { name: 'backups', claim: {} } }
    const plan = (spec: Record<string, unknown>): string =>
      decided({ status, spec: { mode: 'DryRun', ...spec }, rest, claims: undefined as never }).status.plan?.summary ??
      ''
    expect(plan({})).toContain('3 enqueued tasks in it run when a server starts on it, and its webhooks are called.')
    expect(plan(asked)).toContain(
      '3 enqueued tasks in it are discarded: none of them runs. All webhooks in it are removed before a server starts on it.',
    )
    expect(plan(asked)).not.toContain('run when a server starts')
  })

  test('the claim says what was taken out of its data', () => {
    const status = { ...going.Stopping, ...done, phase: 'Stopping' } as const
    const said = says({ status, pods: [] })
    const effect = said.decision.effects.find(({ kind }) => kind === 'SwitchData')
    if (effect?.kind !== 'SwitchData') throw new Error(JSON.stringify(said.status))
    const claim = { metadata: { annotations: { [restoredFromAnnotation]: effect.restoredFrom ?? '' } } }
    expect(readRestoredFrom(claim)?.sanitized).toEqual(['tasks', 'webhooks'])
  })
})
