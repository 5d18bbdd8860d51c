// What a modelled mover does: it takes its time, then says what the real one would. Artifacts are remembered by their path.
import { exitCodes } from '../../../../src/mover/contract.ts'
import type {
  FillConfig,
  MoverConfig,
  MoverResult,
  ResolveConfig,
  StoreConfig,
} from '../../../../src/mover/contract.ts'
import type { Meilisearch } from '../meilisearch/server.ts'
import type { MoverRun } from './workloads.ts'

/** By namespace, claim and path: which object's it is, of which task. */
export type Artifacts = Map<string, { readonly owner: string; readonly result: MoverResult }>

export interface Disk {
  readonly artifacts: Artifacts
  readonly server: Meilisearch | undefined
}

const otherMs = 1000

export function runMover(config: MoverConfig, disk: Disk, moveMs: number): MoverRun {
  switch (config.command) {
    case 'move':
    case 'receive':
      return { durationMs: moveMs, finish: () => store(config, disk) }
    case 'probe': {
      const space = { neededBytes: config.sizeBytes, freeBytes: 1e12 }
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'Looked.', space }) }
    }
    case 'removeSource':
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'Removed.', sourceOutcome: 'removed' }) }
    case 'deleteArtifact':
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'Removed.', artifactOutcome: 'removed' }) }
    case 'resolve':
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'Found.', resolved: resolved(config) }) }
    case 'fill':
      return { durationMs: moveMs, finish: () => ({ exitCode: 0, message: 'Unpacked.', filled: filled(config) }) }
    case 'inspect':
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'It serves.', inspected }) }
    case 'sanitize': {
      const sanitized = { tasksDiscarded: 0, webhooksRemoved: 0 }
      return { durationMs: otherMs, finish: () => ({ exitCode: 0, message: 'Sanitized.', sanitized }) }
    }
  }
}

const inspected: NonNullable<MoverResult['inspected']> = {
  result: 'Passed',
  version: '1.21.0',
  indexes: 1,
  documents: 1,
  compared: 1,
  differences: [],
  openMs: 100,
  firstSearchMs: 10,
}

function resolved({ source }: ResolveConfig): MoverResult['resolved'] {
  const { path, sha256 = '0'.repeat(64) } = source
  return { path, fileName: 'data.ms.snapshot', sizeBytes: 1e9, sha256, meilisearchVersion: '1.21.0' }
}

function filled({ source, uncompressedBytes = 2e9 }: FillConfig): MoverResult['filled'] {
  const { sizeBytes, sha256 } = source
  return { version: '1.21.0', uncompressedBytes, sizeBytes, sha256, alreadyThere: false }
}

function store(config: StoreConfig, { artifacts, server }: Disk): MoverResult {
  const { object } = config.describes
  const { claim, path, directory } = config.destination
  const key = `${object.namespace}/${claim}/${path}/${directory}`
  const known = artifacts.get(key)
  if (known !== undefined)
    return known.owner === object.uid
      ? known.result
      : { exitCode: exitCodes.destinationConflict, message: 'It holds the artifact of another object.' }
  const result = copy(config, server)
  if (result.exitCode === 0) artifacts.set(key, { owner: object.uid, result })
  return result
}

function copy({ batches }: StoreConfig, server: Meilisearch | undefined): MoverResult {
  const file = server?.file
  if (file === undefined) return { exitCode: exitCodes.sourceMissing, message: 'There is no file.' }
  const { taskUid, batchUid, modifiedAt } = file
  if (batches.every((batch) => batch.taskUid !== taskUid))
    return { exitCode: exitCodes.superseded, message: 'A newer file lies there.', modifiedAt }
  const sha256 = 'ab'.repeat(32)
  const said = { taskUid, batchUid, modifiedAt, sha256, alreadyThere: false, replacedDuringCopy: false }
  return {
    exitCode: 0,
    message: 'Stored.',
    stored: { inode: String(taskUid), sizeBytes: 1_000_000, ...said },
    space: { neededBytes: 100_000_000, freeBytes: 1e12 },
  }
}
