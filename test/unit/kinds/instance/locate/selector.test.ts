// A label selector as text; that the API server takes it and selects by it is shown in test/integration/kinds/instance.
import { expect, test } from 'vitest'
import { selectorText } from '../../../../../src/kinds/instance/locate/selector.ts'

test.each<[string, Parameters<typeof selectorText>[0], string]>([
  ['one label', { matchLabels: { app: 'search' } }, 'app=search'],
  [
    'several labels are all wanted',
    { matchLabels: { app: 'search', 'app.kubernetes.io/instance': 'movies' } },
    'app=search,app.kubernetes.io/instance=movies',
  ],
  ['a label that is empty', { matchLabels: { app: '' } }, 'app='],
  ['In', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }, 'tier in (a,b)'],
  ['NotIn', { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }, 'tier notin (a)'],
  ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, 'tier'],
  ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, '!tier'],
  ['In without values', { matchExpressions: [{ key: 'tier', operator: 'In' }] }, 'tier in ()'],
  [
    'labels and expressions together',
    {
      matchLabels: { app: 'search' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a'] },
        { key: 'canary', operator: 'DoesNotExist' },
      ],
    },
    'app=search,tier in (a),!canary',
  ],
  ['nothing at all', {}, ''],
])('%s', (_, selector, text) => {
  expect(selectorText(selector)).toBe(text)
})
