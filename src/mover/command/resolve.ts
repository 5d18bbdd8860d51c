// The command `resolve`: says which file a source means, and what it holds. It makes nothing.
import { exitCodes, type MoverResult, type ResolveConfig } from '../contract.ts'
import type { Surroundings } from '../artifact/fill.ts'
import { Failure } from '../failure.ts'

export async function resolve(config: ResolveConfig, { signal }: Omit<Surroundings, 'open'>): Promise<MoverResult> {
  signal.throwIfAborted()
  return Promise.reject(new Failure(exitCodes.badConfiguration, `This mover cannot ${config.command} yet.`))
}
