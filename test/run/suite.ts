// Runs vitest for some of its projects and counts, from its JSON report, what passed, failed and was skipped.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const repository = join(import.meta.dirname, '../..')

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What failed, to be printed last. */
  readonly failures?: readonly string[]
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 }

export const sum = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: [...(a.failures ?? []), ...(b.failures ?? [])],
})

/** The members of vitest's report that count. */
export interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults?: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[] | null
    }[]
  }[]
}

const endings = ['SIGINT', 'SIGTERM'] as const

const longestMessage = 2000

/** What failed, file by file, to be said once more at the end of all: who reads only the end of a long run is to see it. */
export function failuresOf({ testResults = [] }: Report): string[] {
  return testResults.flatMap(({ name, status, message = '', assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0 && status !== 'failed') return []
    const own = failed.length === 0 ? [message.slice(0, longestMessage)] : []
    return [
      `failed: ${relative(repository, name)}`,
      ...own,
      ...failed.flatMap((test) => [
        `  ${test.fullName}`,
        ...(test.failureMessages ?? []).map(
          (text) => `    ${text.slice(0, longestMessage).replaceAll('\n', '\n    ')}`,
        ),
      ]),
    ]
  })
}

/** A run that failed without a failed test (a file that does not load, an error outside of a test) counts as one failure. */
export function countsOf(report: Report | undefined, exitCode: number): Counts {
  const failed = report?.numFailedTests ?? 0
  return {
    passed: report?.numPassedTests ?? 0,
    failed: exitCode !== 0 && failed === 0 ? 1 : failed,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  }
}

export interface Suite {
  readonly projects: readonly string[]
  /** Further arguments for vitest: names of files, -t PATTERN … */
  readonly args: readonly string[]
  /** What runs vitest instead of this process, for example nsenter with its options. */
  readonly through?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    return undefined
  }
}

/** A signal that is for this process alone ends vitest first, and what its tests have started; then this process, as if nobody had listened. */
async function endOf(child: ChildProcess): Promise<number | null> {
  let heard: NodeJS.Signals | undefined
  const passOn = (signal: NodeJS.Signals): void => {
    heard = signal
    child.kill(signal)
  }
  for (const signal of endings) process.on(signal, passOn)
  const [code] = (await once(child, 'close')) as [number | null]
  for (const signal of endings) process.off(signal, passOn)
  // Where a cluster runs, whoever started it listens too, stops it, and ends this process.
  if (heard !== undefined && process.listenerCount(heard) === 0) process.kill(process.pid, heard)
  return code
}

export async function runSuite({ projects, args, through = [], environment = {} }: Suite): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), 'meili-operator-test-'))
  const reportPath = join(directory, 'report.json')
  const vitest = [
    join(repository, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
  ]
  const [program = process.execPath, ...rest] = [
    ...through,
    process.execPath,
    ...vitest,
    ...projects.flatMap((name) => ['--project', name]),
    ...args,
  ]
  try {
    const child = spawn(program, rest, {
      cwd: repository,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    })
    const code = await endOf(child)
    const report = readReport(reportPath)
    const counts = countsOf(report, code ?? 1)
    if (counts.failed > (report?.numFailedTests ?? 0)) {
      console.error(
        `vitest ended with ${code ?? 'a signal'} though no test failed: a file did not load or an error came from outside of a test (see above). Counted as one failure.`,
      )
    }
    return { ...counts, failures: report === undefined ? [] : failuresOf(report) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
