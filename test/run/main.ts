// npm test [-- unit|simulation|integration|e2e|thousand|flux|argocd …] [arguments for vitest]: runs the levels (the first four, unless some
// are named) and closes with one line of counts. The others are apart: `thousand` takes minutes, `flux` and `argocd` take minutes to build.
import { chosenHelm, controlPlanePrograms, ensureBinaries } from '../cluster/build/binaries.ts'
import { ensurePrerequisites } from '../cluster/build/prerequisites.ts'
import { runOnCluster } from './on-cluster.ts'
import { none, runSuite, sum } from './suite.ts'
import type { Counts } from './suite.ts'

const inProcessLevels = ['unit', 'simulation', 'integration', 'thousand'] as const
const clusterLevels = ['e2e', 'flux', 'argocd'] as const
const apart = ['thousand', 'flux', 'argocd'] as const
const levels = [...inProcessLevels, ...clusterLevels] as const
type Level = (typeof levels)[number]

const log = (line: string): void => console.log(line)
const isLevel = (word: string): word is Level => levels.some((level) => level === word)

/** What breaks a level before its tests is printed and counted as one failure; the other levels still run. */
async function guard(name: string, work: () => Promise<Counts>): Promise<Counts> {
  try {
    return await work()
  } catch (error) {
    console.error(`${name} could not run: ${error instanceof Error ? error.message : String(error)}`)
    return { ...none, failed: 1 }
  }
}

async function main(words: readonly string[]): Promise<Counts> {
  const named = words.filter(isLevel)
  const chosen = named.length === 0 ? levels.filter((level) => !apart.some((name) => name === level)) : named
  const args = words.filter((word) => !isLevel(word))
  let counts = none
  const inProcess = inProcessLevels.filter((level) => chosen.includes(level))
  if (inProcess.length > 0) {
    counts = await guard(inProcess.join(' and '), async () => {
      if (inProcess.includes('integration')) {
        await ensureBinaries([...controlPlanePrograms, chosenHelm, 'verdicts', 'cron'], log)
        // Needs root, which this level can do without: where it cannot be had, what needs it is left out, and says so.
        await ensurePrerequisites(log, ['promtool']).catch((error: unknown) => log(String(error)))
      }
      return runSuite({ projects: inProcess, args })
    })
  }
  for (const level of clusterLevels) {
    if (chosen.includes(level)) counts = sum(counts, await guard(level, async () => runOnCluster({ level, args, log })))
  }
  return counts
}

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This is Node ${process.version}; the tests need 24 or later. "npm ci" brings it, and "npm test" finds it.`,
  )
  process.exitCode = 1
} else {
  log(`Node ${process.version}`)
  const { passed, failed, skipped, failures = [] } = await main(process.argv.slice(2))
  if (passed + failed === 0) console.error('No test ran.')
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
  for (const line of failures) console.error(line)
  log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
}
