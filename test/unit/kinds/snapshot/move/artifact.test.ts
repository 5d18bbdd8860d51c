// What status says of a stored file, and nothing that nobody knows.
import type { V1Job } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { storedArtifact } from '../../../../../src/kinds/snapshot/move/artifact.ts'
import { moverJob } from '../../../../../src/kinds/snapshot/job/commands/move.ts'
import {
  aJob,
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aTarget,
  aVolume,
  hour,
  movingStatus,
  stored,
  succeededTask,
} from '../../../../support/builders/observations.ts'

const snapshot = aSnapshot({ status: movingStatus() })
const said = stored.stored!

/** The Job, with the configuration of its mover replaced. */
function jobWithConfig(text: string | undefined): V1Job {
  const job = aJob(snapshot)
  job.spec!.template.spec!.containers[0]!.env = text === undefined ? [] : [{ name: 'MOVER_CONFIG', value: text }]
  return job
}

describe('storedArtifact', () => {
  test('is what the mover stored, where its own configuration says', () => {
    expect(storedArtifact(snapshot, aJob(snapshot), said)).toEqual({
      artifact: {
        claimName: 'backups',
        path: 'search/nightly-0a1b2c3d',
        fileName: 'data.ms.snapshot',
        sizeBytes: 5_242_880,
        size: '5.0 MiB',
        sha256: 'ab'.repeat(32),
        meilisearchVersion: '1.21.0',
        verification: 'Archive',
        indexes: 2,
        documents: 7,
        countsExact: true,
        tasksEnqueued: 0,
      },
    })
  })

  test('says what room its database takes, where somebody looked into the archive', () => {
    const { artifact } = storedArtifact(snapshot, aJob(snapshot), { ...said, uncompressedBytes: 7_340_032 })
    expect(artifact?.uncompressedBytes).toBe(7_340_032)
    expect(storedArtifact(snapshot, aJob(snapshot), said).artifact?.uncompressedBytes).toBeUndefined()
  })

  test('has the counts of another time, where they were looked up for another batch than the one that is stored', () => {
    const { artifact } = storedArtifact(snapshot, aJob(snapshot), { ...said, batchUid: 8 })
    expect(artifact?.countsExact).toBe(false)
    expect(artifact?.tasksEnqueued).toBeUndefined()
  })

  test('is read from the container of the mover, whatever a webhook has put in front of it', () => {
    const job = aJob(snapshot)
    job.spec!.template.spec!.containers.unshift({ name: 'proxy' })
    expect(storedArtifact(snapshot, job, said).artifact).toMatchObject({
      fileName: 'data.ms.snapshot',
      meilisearchVersion: '1.21.0',
    })
  })

  test('follows the directory and the verification that were asked for', () => {
    const other = aSnapshot({
      status: movingStatus(),
      spec: { destination: { claim: { name: 'backups', path: 'movies/daily' } }, verification: { mode: 'None' } },
    })
    expect(storedArtifact(other, aJob(other), said).artifact).toMatchObject({
      path: 'movies/daily/nightly-0a1b2c3d',
      verification: 'None',
    })
  })

  test('is called as the server calls it', () => {
    const job = moverJob({
      ...anObservation({ snapshot }),
      instance: anInstance({ status: aVolume({ fileName: 'movies.ms.snapshot' }) }),
      target: aTarget(),
      engine: anEngine({ candidates: [succeededTask()] }),
      deadlineMs: hour,
    })
    expect(storedArtifact(snapshot, job, said).artifact?.fileName).toBe('movies.ms.snapshot')
  })

  test('names the task that made the file, where a newer batch had replaced it', () => {
    const engine = anEngine({ candidates: [succeededTask(), succeededTask({ uid: 14, batchUid: 11 })] })
    const job = moverJob({
      ...anObservation({ snapshot }),
      instance: anInstance(),
      target: aTarget(),
      engine,
      deadlineMs: hour,
    })
    const { task } = storedArtifact(snapshot, job, { ...said, taskUid: 14, batchUid: 11 })
    const { enqueuedAt, startedAt, finishedAt } = succeededTask()
    expect(task).toEqual({ uid: 14, batchUid: 11, status: 'succeeded', enqueuedAt, startedAt, finishedAt })
  })

  test('leaves the task alone that is on record already', () => {
    expect(storedArtifact(snapshot, aJob(snapshot), said)).not.toHaveProperty('task')
  })

  test.each([
    ['is no JSON', 'oops'],
    ['is of another version', '{}'],
    ['is not there', undefined],
  ])('a configuration that %s leaves the path, which is known without it', (_, text) => {
    expect(storedArtifact(snapshot, jobWithConfig(text), said).artifact).toMatchObject({
      claimName: 'backups',
      path: 'search/nightly-0a1b2c3d',
      sha256: 'ab'.repeat(32),
    })
  })

  test.each([[undefined], [''], ['many'], ['-1'], ['1.5']])(
    'a count of %j is not reported: nobody knows it',
    (count) => {
      const job = aJob(snapshot, {
        metadata: {
          annotations:
            count === undefined ? {} : { 'meili-operator.dev/indexes': count, 'meili-operator.dev/documents': count },
        },
      })
      const { artifact } = storedArtifact(snapshot, job, said)
      expect([artifact?.indexes, artifact?.documents]).toEqual([undefined, undefined])
    },
  )

  test('an empty database has no indexes', () => {
    const job = aJob(snapshot, {
      metadata: { annotations: { 'meili-operator.dev/indexes': '0', 'meili-operator.dev/documents': '0' } },
    })
    expect(storedArtifact(snapshot, job, said).artifact).toMatchObject({ indexes: 0, documents: 0 })
  })
})
