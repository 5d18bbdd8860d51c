import { describe, expect, test } from 'vitest'
import { failuresOf } from '../../run/suite.ts'
import type { Report } from '../../run/suite.ts'

const counts = { numPassedTests: 1, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 }
type Result = NonNullable<Report['testResults']>[number]
const report = (...testResults: readonly Result[]): Report => ({ ...counts, testResults })

describe('what failed is said once more at the end', () => {
  test('each test by its file, its name and its words', () => {
    const lines = failuresOf(
      report({
        name: 'a.test.ts',
        status: 'failed',
        assertionResults: [
          { fullName: 'is fine', status: 'passed' },
          { fullName: 'comes in time', status: 'failed', failureMessages: ['expected 1\nto be 2'] },
        ],
      }),
    )
    expect(lines.slice(1)).toEqual(['  comes in time', '    expected 1\n    to be 2'])
    expect(lines[0]).toMatch(/^failed: .*a\.test\.ts$/)
  })
  test('a file that did not load by its own words', () => {
    const lines = failuresOf(
      report({ name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] }),
    )
    expect(lines[1]).toBe('no such module')
  })
  test('nothing of what passed', () => {
    expect(failuresOf(report({ name: 'a.test.ts', status: 'passed', assertionResults: [] }))).toEqual([])
  })
})
