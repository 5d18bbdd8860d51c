// Worlds at random in which databases lie where Jobs of ours are about to mount something.
import fc from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { moverJobName } from '../../../../src/kinds/snapshot/job/commands/move.ts'
import type { SnapshotObservation } from '../../../../src/kinds/snapshot/observation.ts'
import {
  aJob,
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aVolume,
  baseline,
  endedPod,
  now,
  succeededTask,
} from '../observations.ts'
import { maybe, seldom } from './parts.ts'
import { anyObservation } from './observation.ts'

const database = fc.record({
  instance: fc.constantFrom('search', 'movies', undefined),
  claimName: fc.constantFrom('search-data', 'backups', 'movies-data'),
  subPath: fc.constantFrom('data.ms', 'search', 'search/data.ms', 'movies/data.ms', 'snapshots', '', undefined),
})

/** Each Job of ours at the point at which it is made: the probe, the mover, what removes Meilisearch's file, what removes the artifact, what sweeps up after the last mover. */
const stages: Arbitrary<Partial<SnapshotObservation>> = fc
  .record({
    stage: fc.constantFrom('probe', 'move', 'removeSource', 'deleteArtifact', 'sweep'),
    destination: fc.constantFrom('search-data', 'backups', 'movies-data'),
    path: fc.constantFrom(undefined, 'movies', 'movies/daily', 'data.ms'),
    isStored: fc.boolean(),
  })
  .map(({ stage, destination, path, isStored }): Partial<SnapshotObservation> => {
    const spec = {
      destination: { claim: { name: destination, ...(path === undefined ? {} : { path }) } },
      sourcePolicy: stage === 'removeSource' ? 'Remove' : 'Keep',
      deletionPolicy: 'Delete',
    }
    const artifact = {
      claimName: destination,
      path: `${path ?? 'search'}/nightly-0a1b2c3d`,
      fileName: 'data.ms.snapshot',
      sizeBytes: 5,
      size: '5 B',
      sha256: 'ab',
      meilisearchVersion: '1.21.0',
      verification: 'Archive' as const,
    }
    const before = {
      observedGeneration: 1,
      request: { attempt: 1, baseline, posts: 1, postedAt: new Date(now).toISOString(), taskUid: 12 },
      task: succeededTask(),
      move: { attempt: 1, jobName: moverJobName(aSnapshot(), 1), startedAt: new Date(now).toISOString() },
    }
    switch (stage) {
      case 'probe':
        return {
          snapshot: aSnapshot({ spec }),
          space: { sizeBytes: 1000, known: { freeBytes: 1, observedAt: new Date(now).toISOString() } },
        }
      case 'move':
        return {
          snapshot: aSnapshot({ spec, status: { ...before, phase: 'Moving' } }),
          engine: anEngine({ candidates: [succeededTask()] }),
        }
      case 'removeSource':
        return {
          snapshot: aSnapshot({
            spec,
            status: {
              ...before,
              phase: 'Moving',
              artifact,
              removeSource: {
                attempt: 1,
                jobName: 'remove-source',
                file: { inode: '1', sizeBytes: 5, modifiedAt: '2026-03-01T11:59:45Z' },
              },
            },
          }),
        }
      case 'deleteArtifact':
        return {
          snapshot: aSnapshot({
            spec,
            metadata: { deletionTimestamp: new Date(now).toISOString() },
            status: {
              ...before,
              phase: 'Completed',
              ...(isStored ? { artifact } : {}),
              deleteArtifact: { attempt: 1, jobName: 'delete-artifact' },
            },
          }),
        }
      default: {
        const last = aSnapshot({ spec, status: { ...before, phase: 'Moving', move: { ...before.move, failures: 2 } } })
        const job = aJob(last)
        return {
          snapshot: last,
          mover: {
            job,
            jobs: [job],
            pod: endedPod(137, ''),
            progress: undefined,
            warning: undefined,
            claimTrouble: undefined,
          },
        }
      }
    }
  })

/** Worlds in which databases lie where Jobs of ours are about to mount something. */
export const anyBesideDatabases: Arbitrary<SnapshotObservation> = fc
  .record({
    databases: fc.array(database, { maxLength: 3 }),
    unseen: seldom<string[]>([], fc.constant(['fresh'])),
    parts: fc.oneof(stages, anyObservation),
    snapshotVolume: maybe(
      fc.record({
        claimName: fc.constantFrom('search-data', 'backups'),
        subPath: fc.constantFrom('', 'snapshots', 'data.ms/snapshots'),
      }),
    ),
  })
  .map(({ databases, unseen, parts, snapshotVolume }) =>
    anObservation({
      ...parts,
      databases,
      unseen,
      ...(snapshotVolume === undefined ? {} : { instance: anInstance({ status: aVolume(snapshotVolume) }) }),
    }),
  )
