import { expect, test } from 'vitest'
import { restoreConditions, restoreFinalizer, restoreReasons, restoreUidLabel } from '../../../src/api/restore.ts'

test('reasons and conditions of a restore are what they are called', () => {
  for (const words of [restoreConditions, restoreReasons])
    for (const [name, value] of Object.entries(words)) expect(value).toBe(name)
})

test('what it writes on objects carries the prefix of the group', () => {
  for (const name of [restoreFinalizer, restoreUidLabel]) expect(name).toMatch(/^meili-operator\.dev\//)
})
