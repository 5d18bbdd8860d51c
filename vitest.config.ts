// Levels of tests. `npm test` runs them through test/run/main.ts, which brings what those above unit need.
import { defineConfig } from 'vitest/config'

const second = 1000

const endToEnd = { testTimeout: 240 * second, hookTimeout: 300 * second }

/** Minutes of one core. */
const thousand = 'test/simulation/thousand/**/*.test.ts'

/** They stop or replace the operator, drain a node, take an image or the API server away. */
const alone = 'test/e2e/alone/**/*.test.ts'

/** They start operators of their own, each for one namespace, and take the installed one down. */
const ownOperators = 'test/e2e/own-operators/**/*.test.ts'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/{unit,project}/**/*.test.ts'], testTimeout: 240 * second } },
      // Whole modelled clusters in virtual time, on one core each.
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          exclude: [thousand],
          testTimeout: 600 * second,
          hookTimeout: 600 * second,
        },
      },
      { test: { name: 'thousand', include: [thousand], testTimeout: 3600 * second } },
      // Each file may start a control plane of its own: about 3 s, 300 MB.
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60 * second,
          hookTimeout: 120 * second,
          expect: { poll: { timeout: 20 * second } },
        },
      },
      // All files share one cluster and one operator. Some side by side, each in a namespace of its own; then those that take away what all need; last those that
      // need no operator but their own, side by side again.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [alone, ownOperators],
          ...endToEnd,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { name: 'e2e-alone', include: [alone], ...endToEnd, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
      {
        test: {
          name: 'e2e-own-operators',
          include: [ownOperators],
          ...endToEnd,
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      { test: { name: 'flux', include: ['test/gitops/flux/**/*.test.ts'], ...endToEnd } },
      { test: { name: 'argocd', include: ['test/gitops/argocd/**/*.test.ts'], ...endToEnd } },
    ],
  },
})
