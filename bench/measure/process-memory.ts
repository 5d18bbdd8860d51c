// Resident memory of processes on this machine, read from /proc: also of those in containers, which this machine's kernel runs too.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'

function statusBytes(pid: string, field: 'VmRSS' | 'VmHWM'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

/** Pids of Node processes that run this program. */
function pidsOf(program: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && wordsOf(pid).includes(program))
}

function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/**
 * The process that runs the program with this `NAME=value` in its environment: other clusters on this machine may have one as well.
 * @throws Error where there is not exactly one
 */
export function processId(program: string, variable: string): number {
  const pids = pidsOf(program).filter((pid) =>
    readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(variable),
  )
  if (pids.length !== 1) throw new Error(`${pids.length} processes run ${program} with ${variable}, one was expected`)
  return Number(pids[0])
}

/**
 * The process of a program that is no Node, by the name of its file and what one of its arguments holds.
 * @throws Error where there is not exactly one
 */
export function programId(name: string, argument: string): number {
  const pids = readdirSync('/proc').filter((pid) => {
    const [program = '', ...words] = /^\d+$/.test(pid) ? wordsOf(pid) : []
    return program.endsWith(`/${name}`) && words.some((word) => word.includes(argument))
  })
  if (pids.length !== 1) throw new Error(`${pids.length} processes run ${name} with ${argument}, one was expected`)
  return Number(pids[0])
}

export function residentBytes(pid: number): number {
  return statusBytes(String(pid), 'VmRSS')
}

/** What Linux counts processor time in, on every architecture. */
const ticksPerSecond = 100

/** User and system time since it began, all threads. */
export function cpuSeconds(pid: number): number {
  // The second field is a name in parentheses, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** The highest VmHWM of any process that runs the program until `over` settles. */
export async function peakOf(program: string, over: Promise<unknown>): Promise<number> {
  let peak = 0
  const end = new AbortController()
  const watched = over.finally(() => end.abort())
  while (!end.signal.aborted) {
    for (const pid of pidsOf(program)) {
      try {
        peak = Math.max(peak, statusBytes(pid, 'VmHWM'))
      } catch {
        // It ended between the two reads.
      }
    }
    await pause(10)
  }
  await watched
  return peak
}

/** The highest VmHWM of one process until it ends. */
export async function peakOfProcess(child: ChildProcess): Promise<number> {
  let peak = 0
  while (child.exitCode === null && child.signalCode === null) {
    try {
      peak = Math.max(peak, statusBytes(String(child.pid), 'VmHWM'))
    } catch {
      // It has just ended.
    }
    await pause(20)
  }
  return peak
}

/** A Node of this very binary that does nothing. */
export async function bareNode(): Promise<{ residentBytes: number; startMs: number }> {
  const begun = performance.now()
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const startMs = Math.round(performance.now() - begun)
  await pause(500)
  const bytes = statusBytes(String(child.pid), 'VmRSS')
  child.kill('SIGKILL')
  return { residentBytes: bytes, startMs }
}
