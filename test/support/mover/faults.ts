// The kernel as an adversary: strace makes a system call of the mover fail or wait, be the last that it tries, or stop it right after.
import { execFileSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { How } from './mover.ts'

/** strace counts the calls of each thread apart: with one thread in the pool, the nth asynchronous call is the nth of all. */
const oneThread = { UV_THREADPOOL_SIZE: '1' }

/** At the nth such call (each, if none is named) the kernel does what `action` says: `error=EIO`, `delay_enter=<µs>`, `signal=…`. */
export function inject(
  call: string,
  action: string,
  { nth, log = '/dev/null' }: { nth?: number | string; log?: string } = {},
): Pick<How, 'prefix' | 'environment'> {
  const when = nth === undefined ? '' : `:when=${nth}`
  const prefix = ['strace', '-f', '-qq', '-o', log, '-e', `trace=${call}`, '-e', `inject=${call}:${action}${when}`]
  return { prefix, ...(nth === undefined ? {} : { environment: oneThread }) }
}

/** Killed instead of doing the nth such call. */
export function killAt(call: string, nth: number): How {
  return inject(call, 'signal=SIGKILL', { nth })
}

/** The same run with another fault. Of one call strace keeps only the last: it must be a different one. */
export function also(how: How, call: string, action: string): How {
  const prefix = (how.prefix ?? []).map((word) => (word.startsWith('trace=') ? `${word},${call}` : word))
  return { ...how, prefix: [...prefix, '-e', `inject=${call}:${action}`] }
}

/** Stops the whole mover right after its nth such call, lets `body` change the world, and lets it go on. */
export function stopAfter({ call, nth }: { call: string; nth: number }, body: (mover: number) => unknown): How {
  const log = join(tmpdir(), `strace-${randomUUID()}`)
  const meanwhile = (child: ChildProcess): void => void whileStopped(child, log, body)
  return { ...inject(call, 'signal=SIGSTOP', { nth, log }), meanwhile }
}

async function whileStopped(child: ChildProcess, log: string, body: (mover: number) => unknown): Promise<void> {
  try {
    while (!(await readFile(log, 'utf8').catch(() => '')).includes('stopped by SIGSTOP')) {
      if (child.exitCode !== null) return
      await pause(5)
    }
    const mover = moverPid(child)
    await body(mover)
    process.kill(mover, 'SIGCONT')
  } finally {
    await rm(log, { force: true })
  }
}

/** strace's child is the mover. */
export function moverPid(strace: ChildProcess): number {
  return Number(
    execFileSync('pgrep', ['-P', String(strace.pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')[0],
  )
}
