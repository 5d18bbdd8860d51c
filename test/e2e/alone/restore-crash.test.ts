// The operator killed without warning in each phase of a restore in place and of its way back: the end is the new data served, or the old.
import { beforeAll, describe, expect, test } from 'vitest'
import { kubectl, operatorNamespace, ownWorld } from '../support/world.ts'
import { managedServers } from '../support/managed-servers.ts'
import { restoresOf, searchAllAlong, toBackups } from '../support/restores.ts'

const older = 600
const newer = 900
const phases = ['Pending', 'Filling', 'Verifying', 'Stopping', 'Switching', 'Starting'] as const

describe('a restore in place', () => {
  const world = ownWorld()
  const restores = restoresOf(world)
  const servers = managedServers(world)

  beforeAll(async () => {
    const server = await world.run('movies')
    await server.load(older)
    await world.snapshot('before', { instance: 'movies', claim: toBackups })
    await world.waitForCompletion('before')
    await server.load(newer)
  })

  const killOperator = async (): Promise<void> => {
    const selector = ['-l', 'app.kubernetes.io/component=operator']
    await kubectl.run(['-n', operatorNamespace, 'delete', 'pod', ...selector, '--grace-period=0', '--force'])
  }

  test(
    'comes to its end with the operator killed in every phase of it, and so does the way back',
    { timeout: 600_000 },
    async () => {
      const application = await searchAllAlong(world, 'movies', (hits) => hits === older || hits === newer)
      await restores.inPlace('back', 'movies', { source: { snapshotRef: { name: 'before' } } })
      const seen = new Set<string>()
      for (;;) {
        const { status } = await restores.get('back')
        const phase = status?.phase ?? 'Pending'
        if (phase === 'Completed') break
        expect(['Failed', 'RolledBack']).not.toContain(phase)
        if (phases.some((one) => one === phase) && !seen.has(phase)) {
          seen.add(phase)
          await killOperator()
        }
      }
      await restores.ended('back', 'Completed')
      await world.instanceReady('movies')
      expect(await servers.documents('movies')).toBe(older)
      // Phases that last for one pass alone may pass unseen; the crash matrix has them all.
      expect(seen.size).toBeGreaterThanOrEqual(3)

      await restores.patch('back', { rollback: true })
      const killed = new Set<string>()
      for (;;) {
        const { status } = await restores.get('back')
        const phase = status?.phase ?? ''
        if (phase === 'RolledBack') break
        if (phase !== 'Completed' && !killed.has(phase)) {
          killed.add(phase)
          await killOperator()
        }
      }
      await restores.ended('back', 'RolledBack')
      await world.instanceReady('movies')
      expect(await servers.documents('movies')).toBe(newer)
      expect((await application.stop()).strange).toEqual([])
    },
  )
})
