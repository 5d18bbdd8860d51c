// Three levels of tests. `npm test` runs them through test/run.ts, which brings what integration and e2e need.
import { defineConfig } from 'vitest/config'

const second = 1000

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10 * second } },
      // Each file may start a control plane of its own: about 3 s, 300 MB.
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 60 * second, hookTimeout: 120 * second } },
      // All files share one cluster and one operator: one file after the other.
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 240 * second, hookTimeout: 300 * second, fileParallelism: false } },
    ],
  },
})
