import { describe, expect, test } from 'vitest'
import { dataGenerationAnnotation, restoredFromAnnotation } from '../../../../src/api/restore.ts'
import { readRestoredFrom, restoredFromText } from '../../../../src/api/status/restored-from.ts'
import {
  dataClaimName,
  dataClaims,
  dataClaimSpec,
  generationOf,
  restoreHold,
} from '../../../../src/reconcile/names/data-claim.ts'
import { aManagedInstance } from '../../../support/builders/managed-observations.ts'
import { aRestore } from '../../../support/builders/restores.ts'

const instance = aManagedInstance()
const claim = (name: string, annotations?: Record<string, string>): { metadata: object } => ({
  metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
})
const first = `${instance.metadata.name}-data`

describe('the data claims of an instance', () => {
  test('the one without a mark is the first generation, the highest one is the data', () => {
    const claims = [claim(first), claim(`${first}-3`, { [dataGenerationAnnotation]: '3' }), claim(`${first}-2`)]
    expect(dataClaims(instance, claims).map(({ generation }) => generation)).toEqual([3, 1])
    expect([1, 3].map((generation) => dataClaimName(instance, generation))).toEqual([first, `${first}-3`])
  })
  test('one that says no number is none', () => {
    for (const said of ['0', '-1', '1.5', 'two', '9999999999'])
      expect(generationOf(instance, claim('other', { [dataGenerationAnnotation]: said }))).toBeUndefined()
  })
  test('one that went back has the higher number of the two', () => {
    const back = claim(first, { [dataGenerationAnnotation]: '3' })
    const left = claim(`${first}-2`, { [dataGenerationAnnotation]: '2' })
    expect(dataClaims(instance, [left, back])[0]).toEqual({ claim: back, generation: 3 })
  })
  test('asks for what the storage of the instance asks for', () => {
    const { managed } = instance.spec
    expect(managed && dataClaimSpec(managed)).toMatchObject({ accessModes: ['ReadWriteOnce'] })
  })
})

describe('a restore holds an instance', () => {
  test('from the moment in which it fills; the server is stopped for the exchange alone', () => {
    const hold = (phase: NonNullable<ReturnType<typeof aRestore>['status']>['phase']): unknown =>
      restoreHold({ metadata: { ...instance.metadata, name: 'movies', namespace: 'shop' } }, [
        aRestore({ status: { phase } }),
      ])?.isStopping
    expect(['Pending', 'Planned', 'Completed', 'Failed', 'RolledBack'].map((phase) => hold(phase as never))).toEqual(
      Array(5).fill(undefined),
    )
    expect(['Filling', 'Verifying', 'Starting'].map((phase) => hold(phase as never))).toEqual(Array(3).fill(false))
    expect(['Stopping', 'Switching'].map((phase) => hold(phase as never))).toEqual([true, true])
  })
  test('of two, whichever exchanges the data', () => {
    const filling = aRestore({ metadata: { name: 'aaa', uid: 'a' }, status: { phase: 'Filling' } })
    const goingBack = aRestore({ metadata: { name: 'zzz', uid: 'z' }, status: { phase: 'Stopping' } })
    const movies = { metadata: { ...instance.metadata, name: 'movies', namespace: 'shop' } }
    expect(restoreHold(movies, [filling, goingBack])).toMatchObject({ name: 'zzz', isStopping: true })
  })
  test('of its own name and namespace alone', () => {
    const filling = aRestore({ status: { phase: 'Filling' } })
    expect(
      restoreHold({ metadata: { ...instance.metadata, name: 'books', namespace: 'shop' } }, [filling]),
    ).toBeUndefined()
    expect(
      restoreHold({ metadata: { ...instance.metadata, name: 'movies', namespace: 'b' } }, [filling]),
    ).toBeUndefined()
  })
})

test('what a claim says of its data is read as it was written, and nothing else is', () => {
  const from = {
    restore: 'back',
    restoreUid: 'u',
    sha256: 'a'.repeat(64),
    path: 'movies/nightly',
    sourceClaim: 'backups',
    meilisearchVersion: '1.21.0',
    at: '2026-11-30T03:00:00Z',
  }
  expect(readRestoredFrom({ metadata: { annotations: { [restoredFromAnnotation]: restoredFromText(from) } } })).toEqual(
    from,
  )
  expect(readRestoredFrom({ metadata: { annotations: { [restoredFromAnnotation]: '{"restore":1}' } } })).toBeUndefined()
  expect(readRestoredFrom({ metadata: {} })).toBeUndefined()
})
