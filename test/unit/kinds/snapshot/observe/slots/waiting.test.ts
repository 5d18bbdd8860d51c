// Who waits for a slot, in whatever order they come and go.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../../src/api/snapshot.ts'
import { Waiting } from '../../../../../../src/kinds/snapshot/observe/slots/waiting.ts'
import { aSnapshot } from '../../../../../support/builders/observations.ts'

const name = (index: number): string => `s${String(index).padStart(2, '0')}`
const keyOf = ({ metadata }: MeiliSnapshot): string => `${metadata.namespace}/${metadata.name}`
const all = Array.from({ length: 20 }, (_, index) =>
  aSnapshot({
    name: name(index),
    metadata: {
      namespace: index % 2 === 0 ? 'shop' : 'bank',
      uid: `uid-${name(index)}`,
      creationTimestamp: `2026-03-01T12:00:0${index % 5}Z`,
    },
  }),
)
const age = ({ metadata }: MeiliSnapshot): string => `${metadata.creationTimestamp} ${metadata.uid}`
const steps = fc.array(fc.record({ index: fc.nat(all.length - 1), comes: fc.boolean() }), { maxLength: 80 })

test('each namespace has its own, the oldest first, and each knows how many are older', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const waiting = new Waiting()
      const there = new Map<string, MeiliSnapshot>()
      for (const { index, comes } of taken) {
        const snapshot = all[index]!
        const key = keyOf(snapshot)
        if (comes) {
          waiting.set(key, snapshot)
          there.set(key, snapshot)
        } else expect(waiting.delete(key)).toBe(there.delete(key))
        expect(waiting.has(key)).toBe(comes)
      }
      const rows = Map.groupBy(
        [...there.values()].toSorted((one, other) => (age(one) < age(other) ? -1 : 1)),
        ({ metadata }) => metadata.namespace,
      )
      expect(waiting.rows()).toEqual(rows)
      expect(new Set(waiting.all())).toEqual(new Set(there.values()))
      for (const snapshot of all) {
        const row = rows.get(snapshot.metadata.namespace) ?? []
        expect(waiting.aheadOf(snapshot)).toBe(row.filter((other) => age(other) < age(snapshot)).length)
      }
    }),
  )
})
