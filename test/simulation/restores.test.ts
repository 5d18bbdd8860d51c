// Whole lives of a restore in place: the deciders of both kinds on one world, an operator that dies anywhere, statuses that are lost, people who interfere.
// Whatever happens, the end is a server on the old data or on the new, never none, never on anything else; and a program that is wrong is noticed.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aStatefulSet, stoppedFor } from '../support/builders/exchanges.ts'
import { RestoreWorld } from '../support/simulation/restores/world.ts'
import type { Content } from '../support/simulation/restores/cluster.ts'
import type { Ask, Crash, Mutations } from '../support/simulation/restores/world.ts'

/** What is not as it must be once everything has settled. @param mayBe what may be served */
function wrongsOf(world: RestoreWorld, mayBe: readonly string[]): readonly string[] {
  const served = world.served()
  const { phase = 'none' } = world.restore?.status ?? {}
  const hasEnded = world.restore === undefined || ['Completed', 'RolledBack', 'Failed'].includes(phase)
  return [
    ...world.wrongs,
    ...(mayBe.includes(served) ? [] : [`served: ${served}`]),
    ...(hasEnded ? [] : [`it stays in phase ${phase}`]),
  ]
}

/** Without its record a restore does not know any more which figures are exact. */
const mayServe = (content: Content, isLost: boolean): readonly string[] =>
  content === 'New' || (content === 'Short' && isLost) ? ['Old', content] : ['Old']

function undisturbed(content: Content, mutations: Mutations = {}): RestoreWorld {
  const world = new RestoreWorld(content, mutations)
  world.settle()
  return world
}

describe('undisturbed', () => {
  test.each([
    ['New', 'New', 'Completed'],
    ['Bad', 'Old', 'RolledBack'],
    ['Short', 'Old', 'RolledBack'],
  ] as const)('%s data ends with %s data served, phase %s', (content, served, phase) => {
    const world = undisturbed(content)
    expect({ wrongs: wrongsOf(world, [served]), phase: world.restore?.status?.phase }).toEqual({ wrongs: [], phase })
  })

  test('the phases come in their order, on the way there and on the way back', () => {
    const there = ['Stopping', 'Switching', 'Starting']
    expect(undisturbed('New').phases).toEqual([...there, 'Completed'])
    expect(undisturbed('Bad').phases).toEqual([...there, ...there, 'RolledBack'])
  })
})

/** What happens in one round of a life; what was sent in it arrives some rounds later. */
interface Disturbance {
  readonly round: number
  readonly crash?: Parameters<RestoreWorld['round']>[0]
  readonly ask?: Ask
  readonly arrivesAfter?: number
}

const lastRound = 14

function disturb(
  content: Content,
  { round, crash, ask, arrivesAfter = 0 }: Disturbance,
  wrong: Mutations = {},
): RestoreWorld {
  const world = new RestoreWorld(content, wrong)
  for (let at = 0; at <= lastRound; at += 1) {
    world.round(at === round ? crash : {})
    if (at === round && ask !== undefined) world.ask(ask)
    if (at === round + arrivesAfter) world.arrive()
  }
  world.settle()
  return world
}

const rounds = Array.from({ length: lastRound }, (_, round) => round)
const crashes: readonly Crash[] = ['BeforeWrite', 'AfterWrite', 'AfterEffect', 'Late']
const asks: readonly (Ask | undefined)[] = [undefined, 'Rollback', 'Delete', 'LoseStatus', 'CleanUp']

const disturbances = (place: 'restore' | 'instance'): readonly Disturbance[] =>
  rounds.flatMap((round) =>
    crashes.flatMap((crash) =>
      asks.flatMap((ask) =>
        (crash === 'Late' ? [0, 1, 4, 8] : [0]).map((arrivesAfter) => ({
          round,
          crash: { [place]: crash },
          arrivesAfter,
          ...(ask === undefined ? {} : { ask }),
        })),
      ),
    ),
  )

/** Its status is taken in the very moment in which the write of the exchange is on its way: then the server may run already. Its end is the same. */
const isTakenUnderWrite = ({ ask, crash }: Disturbance): boolean => ask === 'LoseStatus' && crash?.restore === 'Late'

describe('an operator that dies before and after each write, and a write that arrives late', () => {
  test.each(['New', 'Short', 'Bad'] as const)(
    '%s data: a server serves in the end, whoever asks for what meanwhile',
    (content) => {
      const all = [...disturbances('restore'), ...disturbances('instance')]
      const wrongs = all.flatMap((disturbance) => {
        const world = disturb(content, disturbance)
        const found = wrongsOf(world, mayServe(content, disturbance.ask === 'LoseStatus'))
        return found
          .filter((wrong) => !(isTakenUnderWrite(disturbance) && wrong.startsWith('the data was exchanged while')))
          .map((wrong) => `${JSON.stringify(disturbance)}: ${wrong}`)
      })
      expect(wrongs).toEqual([])
    },
  )
})

type Step = readonly [is: string, take: (world: RestoreWorld) => void]
const crash = fc.constantFrom<Crash>('None', 'None', 'None', 'BeforeWrite', 'AfterWrite', 'AfterEffect')
const oneOf = (...steps: readonly Step[]): fc.Arbitrary<Step> => fc.constantFrom(...steps)
const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: crash.map((how): Step => [`restore ${how}`, (world) => world.pass(how)]) },
  { weight: 6, arbitrary: crash.map((how): Step => [`instance ${how}`, (world) => world.instancePass(how)]) },
  { weight: 4, arbitrary: oneOf(['round', (world) => world.round()]) },
  {
    weight: 3,
    arbitrary: oneOf(
      ['control', (world) => world.control()],
      ['kubelet', (world) => world.kubelet()],
      ['cache', (world) => world.showRestore()],
    ),
  },
  {
    weight: 2,
    arbitrary: oneOf(
      ['restore Late', (world) => world.pass('Late')],
      ['arrive', (world) => world.arrive()],
      ['instance begins', (world) => world.beginInstancePass()],
      ['instance ends', (world) => world.endInstancePass()],
      ['hang', (world) => world.hang()],
      ['snapshot', (world) => world.takeSnapshot()],
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(1, 3, 30, 2000).map((s): Step => [`${s} s`, (world) => world.wait(s)]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Ask>('Rollback', 'Delete', 'CleanUp')
      .map((what): Step => [what, (world) => world.ask(what)]),
  },
)

test('a pass over the instance that began while nothing was known of the exchange starts no server in the midst of it', () => {
  const live = (mutations: Mutations = {}): readonly string[] => {
    const world = new RestoreWorld('New', mutations)
    world.pass()
    world.showRestore()
    for (const _ of [1, 2]) {
      world.instancePass()
      world.control()
      world.kubelet()
    }
    world.ask('Rollback')
    world.pass()
    world.showRestore()
    world.beginInstancePass()
    world.beginAnew()
    for (const _ of [1, 2, 3]) world.pass()
    world.endInstancePass()
    world.control()
    world.settle()
    return wrongsOf(world, ['Old', 'New'])
  }
  expect(live()).toEqual([])
  const seen: Mutations['seen'] = ({ target, ...rest }) => {
    const isZero = target.statefulSet?.spec?.replicas === 0
    return { ...rest, target: isZero ? { ...target, statefulSet: stoppedFor(rest.restore, aStatefulSet(0)) } : target }
  }
  expect(live({ seen }).join('\n')).toContain('which is not the data')
})

test('in any order of what may happen the old data is served in the end, or the new', () => {
  const lives = fc.tuple(
    fc.constantFrom<Content>('New', 'Short', 'Bad'),
    fc.array(aStep, { minLength: 20, maxLength: 100 }),
  )
  fc.assert(
    fc.property(lives, ([content, steps]) => {
      const world = new RestoreWorld(content)
      for (const [, take] of steps) take(world)
      world.settle()
      expect(wrongsOf(world, mayServe(content, false))).toEqual([])
    }),
    { numRuns: 600, seed: 41 },
  )
})

describe('a program that is wrong is noticed: one that', () => {
  const found = (content: Content, mutations: Mutations): readonly string[] =>
    wrongsOf(undisturbed(content, mutations), content === 'New' ? ['New'] : ['Old'])

  test('does not wait for the pods', () => {
    const seen: Mutations['seen'] = (observation) => ({
      ...observation,
      target: { ...observation.target, pods: [], statefulSet: stoppedFor(observation.restore, aStatefulSet(0)) },
    })
    const wrongs = disturbances('instance').flatMap((disturbance) => disturb('New', disturbance, { seen }).wrongs)
    expect(wrongs.join('\n')).toContain('the data was exchanged while pod')
  })

  test('stays with an engine that does not start', () => {
    const decide: Mutations['decide'] = (decision) =>
      decision.status.rollback === undefined
        ? decision
        : { effects: [], status: { ...decision.status, phase: 'Completed', rollback: undefined } }
    expect(found('Bad', { decide }).join('\n')).toContain('served: its pod is not ready')
    expect(found('Short', { decide }).join('\n')).toContain('served: Short')
  })

  test('goes back without a higher number', () => {
    const decide: Mutations['decide'] = (decision) => ({
      ...decision,
      effects: decision.effects.map((effect) => (effect.kind === 'SwitchData' ? { ...effect, generation: 2 } : effect)),
    })
    expect(found('Bad', { decide }).join('\n')).toContain('generation 2 is not above')
  })

  test('does not stop the server for a restore', () => {
    expect(found('New', { ignoresHold: true }).join('\n')).toContain('served: Old')
  })

  test('starts the server before the write that it gave up can arrive no more', () => {
    const decide: Mutations['decide'] = (decision, { restore }) =>
      restore.status?.phase === 'Switching' && decision.effects.some(({ kind }) => kind === 'DeleteClaim')
        ? { effects: [], status: { ...decision.status, phase: 'Failed' } }
        : decision
    const all = disturbances('restore').filter(({ ask }) => ask === 'Delete' || ask === 'Rollback')
    const wrongs = all.flatMap((disturbance) => disturb('New', disturbance, { decide }).wrongs)
    expect(wrongs.join('\n')).toContain('the data was exchanged while pod')
  })

  test('deletes old data though it has become the data since it was seen', () => {
    const live = (mutations: Mutations): readonly string[] => {
      const world = undisturbed('New', mutations)
      world.takeSnapshot()
      world.round()
      world.ask('CleanUp')
      world.round({ restore: 'Late' })
      world.ask('Rollback')
      for (let round = 0; round < 9; round += 1) world.round()
      world.settle()
      return wrongsOf(world, ['Old'])
    }
    expect(live({})).toEqual([])
    expect(live({ ignoresVersions: true }).join('\n')).toContain('is the data, and was deleted')
  })
})
