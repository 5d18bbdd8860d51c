// A real API server takes the longest deadlines that the schema allows, of the object and of the Job that follows from it.
import { describe, expect, test } from 'vitest'
import { durationMs } from '../../../src/api/meta.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { moverJob } from '../../../src/kinds/snapshot/job/commands/move.ts'
import {
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aTarget,
  movingStatus,
  succeededTask,
} from '../../support/builders/observations.ts'
import { pathOf, realServer } from './real-server.ts'

const server = realServer()

describe.each(['1s', '597h', '999999h', '999999h999999m999999s'])('deadlines of %s', (text) => {
  const deadlines = { start: text, task: text, move: text }

  test('are taken of a MeiliSnapshot', async () => {
    const { apiVersion, kind, spec } = aSnapshot({ spec: { deadlines } })
    const object = { apiVersion, kind, metadata: { name: 'nightly', namespace: 'default' }, spec }
    expect((await server.call('POST', `${pathOf(meiliSnapshots)}?dryRun=All`, object)).code).toBe(201)
  })

  test('are taken of its Job, and come back as they were sent', async () => {
    const job = moverJob({
      ...anObservation({ snapshot: aSnapshot({ spec: { deadlines }, status: movingStatus() }) }),
      instance: anInstance(),
      target: aTarget(),
      engine: anEngine({ candidates: [succeededTask()] }),
      deadlineMs: durationMs(text),
    })
    job.metadata!.namespace = 'default'
    const answer = await server.call('POST', '/apis/batch/v1/namespaces/default/jobs?dryRun=All', job)
    expect(answer.code, JSON.stringify(answer.body)).toBe(201)
    expect(answer.body).toMatchObject({ spec: { activeDeadlineSeconds: job.spec?.activeDeadlineSeconds } })
  })
})
