// The operator cut off at each write of a restore until its data lies on the claim, on a real API server: before the write arrives, and after, with its reply lost.
import { describe, expect, test } from 'vitest'
import { meiliSnapshots } from '../../../../src/api/snapshot.ts'
import { jobs, persistentVolumeClaims } from '../../../../src/kube/resource.ts'
import type { KubeObject } from '../../../../src/kube/resource.ts'
import { apiServer } from '../../../support/kubernetes/api-server.ts'
import { RestoreFixture } from '../../../support/restores/restore-fixture.ts'

const api = apiServer()

interface Life {
  readonly end: object
  readonly writes: number
}

/** Undisturbed, or cut off at its n-th write; its successor goes on. */
async function live(cut?: { at: number; fate: 'cut' | 'lost' }): Promise<Life> {
  const on = new RestoreFixture(api, await api.namespace())
  await on.begin()
  await on.restore('back', { source: { artifact: { claim: { name: 'backups' }, path: 'daily' } } })
  let writes = 0
  on.cutAt((n) => {
    writes = n
    return n === cut?.at ? cut.fate : 'sent'
  })
  await on.runUntil('back', ['Stopping', 'Failed', 'Completed'])
  const { phase, fill, plan, resolved } = await on.status('back')
  return {
    writes,
    end: {
      phase,
      filled: [fill?.attempt, fill?.claimName, fill?.version],
      planned: plan?.newClaim,
      source: resolved?.path,
      worked: on.worked,
      claims: await on.names(persistentVolumeClaims),
      snapshots: (await on.names(meiliSnapshots)).length,
      // A Job whose end is on record may stay where its deletion was cut off: it removes itself within the hour.
      atWork: (await on.list<KubeObject>(jobs)).filter(({ metadata }) => !on.hasWorked(metadata.name)).length,
    },
  }
}

describe('the operator is cut off at each write of a restore', { timeout: 600_000 }, () => {
  test('and it comes to the same end: one snapshot first, one claim, each mover once', async () => {
    const undisturbed = await live()
    expect(undisturbed.end).toMatchObject({ phase: 'Stopping', worked: ['resolve', 'fill'], snapshots: 2, atWork: 0 })
    expect(undisturbed.writes).toBeGreaterThan(12)
    for (let at = 1; at <= undisturbed.writes; at++)
      for (const fate of ['cut', 'lost'] as const) {
        const { end } = await live({ at, fate })
        expect(end, `${fate} at write ${at}`).toEqual(undisturbed.end)
      }
  })
})
