// A ladder is read from the top, and no further than it has to be.
import { expect, test } from 'vitest'
import { firstOf } from '../../../src/reconcile/rung.ts'

test('the first that has something to say decides, and none below it is asked', () => {
  const asked: string[] = []
  const rung =
    (name: string, says?: string) =>
    (seen: string, nowMs: number): string | undefined => {
      asked.push(`${name} ${seen} ${nowMs}`)
      return says
    }
  expect(firstOf([rung('a'), rung('b', 'yes'), rung('c', 'no')])('x', 7)).toBe('yes')
  expect(asked).toEqual(['a x 7', 'b x 7'])
})

test('where none has, nothing is said', () => {
  expect(firstOf<readonly [number], string>([() => undefined])(1)).toBeUndefined()
  expect(firstOf([])()).toBeUndefined()
})
