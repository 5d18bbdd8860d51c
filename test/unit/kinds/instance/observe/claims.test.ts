// Which claims of a managed server are read, with how many requests, and which of them is the data.
import { expect, test } from 'vitest'
import { lookAtClaims } from '../../../../../src/kinds/instance/observe/claims.ts'
import { persistentVolumeClaims } from '../../../../../src/kube/resource.ts'
import { childLabels } from '../../../../../src/reconcile/names/objects.ts'
import { aManagedInstance, restoredClaim } from '../../../../support/builders/managed-observations.ts'
import { KubeInMemory } from '../../../../support/kubernetes/kube-in-memory.ts'

const instance = aManagedInstance({ managed: { snapshots: { size: '5Gi' }, scratch: { size: '5Gi' } } })

/** What is seen, and each request that it took. */
async function look(
  claims: readonly object[],
  of = instance,
): Promise<Awaited<ReturnType<typeof lookAtClaims>> & { asked: string[] }> {
  const kube = new KubeInMemory()
  for (const claim of claims) kube.lay(persistentVolumeClaims, claim as never)
  const asked: string[] = []
  kube.before = ({ verb }) => {
    asked.push(verb)
  }
  return { ...(await lookAtClaims(kube, of)), asked }
}
const ours = (name: string): object => ({ metadata: { namespace: 'shop', name, labels: childLabels(instance) } })

test('one list has them all where all is in place', async () => {
  const seen = await look(['movies-data', 'movies-snapshots', 'movies-scratch'].map(ours))
  expect(seen.asked).toEqual(['list'])
  expect(Object.entries(seen.claims).map(([role, { metadata }]) => [role, metadata?.name])).toEqual([
    ['data', 'movies-data'],
    ['snapshots', 'movies-snapshots'],
    ['scratch', 'movies-scratch'],
  ])
})

test('the highest generation is the data, the others are kept apart, and so is what is being filled', async () => {
  const seen = await look([
    ours('movies-data'),
    restoredClaim(instance, { name: 'movies-data-2', generation: 2 }),
    restoredClaim(instance, { name: 'movies-data-3' }),
  ])
  expect(seen.claims.data?.metadata?.name).toBe('movies-data-2')
  expect(seen.earlierData).toMatchObject([{ generation: 1, claim: { metadata: { name: 'movies-data' } } }])
  expect(seen.filling.map(({ metadata }) => metadata?.name)).toEqual(['movies-data-3'])
})

test('a first claim that is being filled is no data', async () => {
  const seen = await look([restoredClaim(instance, { name: 'movies-data' })])
  expect(seen.claims.data).toBeUndefined()
  expect(seen.filling).toHaveLength(1)
})

test('one under our name without our labels is found as well: it is somebody else’s', async () => {
  const seen = await look([{ metadata: { namespace: 'shop', name: 'movies-data' } }])
  expect(seen.claims.data?.metadata?.name).toBe('movies-data')
})

test('a claim that the user names is read by its name, and generations are nobody’s affair', async () => {
  const named = aManagedInstance({ managed: { storage: { claimName: 'mine' } } })
  const seen = await look(
    [
      { metadata: { namespace: 'shop', name: 'mine' } },
      restoredClaim(instance, { name: 'movies-data-2', generation: 2 }),
    ],
    named,
  )
  expect(seen).toMatchObject({ claims: { data: { metadata: { name: 'mine' } } }, earlierData: [], filling: [] })
})

test('a first claim that a restore makes right after the list, and that is found by its name, is no data either', async () => {
  const fresh = aManagedInstance()
  const kube = new KubeInMemory()
  kube.before = ({ verb }) => {
    if (verb === 'get') kube.lay(persistentVolumeClaims, restoredClaim(fresh, { name: 'movies-data' }) as never)
  }
  const seen = await lookAtClaims(kube, fresh)
  expect(seen.claims.data).toBeUndefined()
  expect(seen.filling.map(({ metadata }) => metadata?.name)).toEqual(['movies-data'])
})
