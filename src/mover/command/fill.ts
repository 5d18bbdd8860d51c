// The command `fill`: makes a database directory out of a snapshot file.
import { exitCodes, type FillConfig, type MoverResult } from '../contract.ts'
import type { Surroundings } from '../artifact/fill.ts'
import { Failure } from '../failure.ts'

export async function fill(config: FillConfig, { signal }: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  signal.throwIfAborted()
  return Promise.reject(new Failure(exitCodes.badConfiguration, `This mover cannot ${config.command} yet.`))
}
