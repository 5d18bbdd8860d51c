// kubectl-meili: composition root. Words in, text out, an exit code; an error is one sentence with its remedy.
import process from 'node:process'
import { CommanderError } from 'commander'
import { errorText, UserError } from './errors.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'
import { programFor } from './program/program.ts'
import type { Outcome } from './program/program.ts'
import { completeCommand, runComplete } from './command/completion.ts'
import { Terminal } from './terminal/terminal.ts'

const terminal = new Terminal({ out: process.stdout, error: process.stderr, environment: process.env })

async function main(words: readonly string[]): Promise<ExitCode> {
  const outcome: Outcome = {}
  try {
    const program = programFor(terminal, outcome)
    const [first, ...rest] = words
    if (first === completeCommand) return await runComplete(program, terminal, rest)
    await program.parseAsync(first === undefined ? ['--help'] : words, { from: 'user' })
    return outcome.exitCode ?? exitCodes.done
  } catch (error) {
    return reportError(error, outcome)
  } finally {
    await outcome.cluster?.close()
  }
}

/** What was not foreseen is a bug, and keeps its stack for whoever mends it. */
function reportError(error: unknown, { cluster }: Outcome): ExitCode {
  // Its words are out already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const text = errorText(error, cluster?.server ?? 'the address in the kubeconfig')
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const lines = text === undefined ? `This is a bug of kubectl-meili: ${bug}`.split('\n') : [`error: ${text}`]
  for (const line of lines) terminal.errorLine(line)
  return error instanceof UserError ? error.exitCode : exitCodes.impossible
}

// A reader that has seen enough (head, less) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(exitCodes.done)
})

/** What is written to a pipe may still be on its way. */
async function flush(): Promise<void> {
  await new Promise((resolve) => process.stdout.write('', resolve))
}

void main(process.argv.slice(2)).then(async (exitCode) => {
  await flush()
  process.exit(exitCode)
})
