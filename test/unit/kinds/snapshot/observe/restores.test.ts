// What a snapshot sees of restores: the one that holds its server, and the claims that one has made a database of.
import { describe, expect, test } from 'vitest'
import { aManagedInstance } from '../../../../support/builders/managed-observations.ts'
import { aClaim, aSnapshot } from '../../../../support/builders/observations.ts'
import { aRestore } from '../../../../support/builders/restores.ts'
import { observe } from './one-look.ts'

const inPlace = { target: { inPlace: { instanceRef: { name: 'search' } } }, confirm: 'search' }
const filling = aRestore({ spec: inPlace, status: { phase: 'Filling' } })

describe('a restore at work', () => {
  test('is seen by each snapshot of the instance but the one that it has asked for', async () => {
    const label = (uid: string): object => ({ labels: { 'meili-operator.dev/restore-uid': uid } })
    const seen = async (metadata: object): Promise<string | undefined> =>
      (await observe(aSnapshot({ metadata }), { restores: [filling] })).restore?.name
    expect(await seen({})).toBe('back')
    expect(await seen(label('of-another'))).toBe('back')
    expect(await seen(label(filling.metadata.uid))).toBeUndefined()
  })

  test.each(['Pending', 'Planned', 'Completed', 'RolledBack', 'Failed'] as const)(
    'in phase %s it holds nothing',
    async (phase) => {
      const restores = [aRestore({ spec: inPlace, status: { phase } })]
      expect((await observe(aSnapshot(), { restores })).restore).toBeUndefined()
    },
  )

  test('of another instance, or another target, it is nobody’s here', async () => {
    const restores = [
      aRestore({ status: { phase: 'Filling' } }),
      aRestore({ spec: { target: { scratch: {} }, confirm: undefined }, status: { phase: 'Filling' } }),
    ]
    expect((await observe(aSnapshot(), { restores })).restore).toBeUndefined()
  })
})

describe('a destination', () => {
  test.each([
    ['is the data of some generation', { annotations: { 'meili-operator.dev/data-generation': '2' } }],
    ['is being filled', { labels: { 'meili-operator.dev/restore-uid': 'uid' } }],
  ])('that %s is a database, also where no instance names it', async (_, metadata) => {
    const claim = aClaim({ metadata: { name: 'backups', ...metadata } })
    const { databases } = await observe(aSnapshot(), { objects: { 'persistentvolumeclaims/backups': claim } })
    expect(databases).toContainEqual({ instance: undefined, claimName: 'backups', subPath: 'data.ms' })
  })

  test('that status of a managed instance names is one, beside the first', async () => {
    const databaseClaims = ['movies-data', 'movies-data-2'].map((claimName) => ({ claimName }))
    const instances = [aManagedInstance({ status: { databaseClaims } })]
    expect((await observe(aSnapshot(), { instances })).databases).toEqual(
      ['movies-data', 'movies-data-2'].map((claimName) => ({ instance: 'movies', claimName, subPath: 'data.ms' })),
    )
  })
})
