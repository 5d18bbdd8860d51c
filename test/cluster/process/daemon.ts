// A program that runs until it is asked to end, with its output in a log file. On Linux the kernel ends it with whoever started it, even when
// that one is killed; elsewhere only an orderly exit does. Ended by its process id, never by its name.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { once } from 'node:events'

export interface DaemonSpec {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly log: string
  readonly environment?: NodeJS.ProcessEnv
}

export interface Daemon {
  readonly name: string
  readonly pid: number
  readonly log: string
  /** Says how it ended, when it has ended. */
  outcome(): string | undefined
  /** Sends the signal and waits for the end; after 10 s sends SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

const running = new Set<number>()

process.once('exit', () => {
  for (const pid of running) process.kill(pid, 'SIGKILL')
})

export function startDaemon({ name, program, args, log, environment }: DaemonSpec): Daemon {
  const output = openSync(log, 'a')
  const leash = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []
  const [file = program, ...rest] = [...leash, program, ...args]
  const child = spawn(file, rest, { stdio: ['ignore', output, output], env: environment ?? process.env })
  closeSync(output)
  let end: string | undefined
  const pid = child.pid ?? 0
  if (pid > 0) running.add(pid)
  const settle = (how: string): void => {
    running.delete(pid)
    end ??= `${name} ${how}`
  }
  child.once('error', (error) => settle(`could not be started: ${error.message}`))
  child.once('exit', (code, signal) => settle(`ended with ${signal ?? `code ${code}`}`))
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (end !== undefined) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const harder = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(harder)
  }
  return { name, pid, log, outcome: () => end, stop }
}
