// Each test of a file has a world of its own, in virtual time, which ends with it.
import { afterEach } from 'vitest'
import { conditionTypes } from '../../../../../../src/api/meta.ts'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import { VirtualTime } from '../../../../../support/runtime/virtual-time.ts'
import { World } from './world.ts'

export const time = new VirtualTime()
let ruling: Disposable | undefined
let world: World | undefined

export function aWorld(maxMovers?: number): World {
  ruling = time.rule()
  world = new World(time, maxMovers)
  return world
}

afterEach(async () => {
  await world?.stop()
  ruling?.[Symbol.dispose]()
})

export const reasonOf = (snapshot: MeiliSnapshot | undefined): string =>
  snapshot?.status?.conditions?.find(({ type }) => type === conditionTypes.Ready)?.reason ?? ''

export const names = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)
