// What is read of the world for one schedule. Types alone.
import type { MeiliSnapshot } from '../../api/snapshot.ts'
import type { Run } from './run.ts'

/** A run as the API server has it right now: enough to remove it, and only it. */
export interface FreshRun extends Run {
  readonly resourceVersion: string
  readonly deletionPolicy: MeiliSnapshot['spec']['deletionPolicy']
  readonly finalizers: readonly string[]
  /** Its files are stored, or a mover began to: with deletionPolicy Delete its controller then gives it the finalizer. A tombstone has none. */
  readonly mayHaveFiles: boolean
}
