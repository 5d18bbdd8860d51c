// Executes on this machine what the operator would execute in containers: the server's "container" is a directory with a shell of its own
// choice, the mover's is a `receive` that really waits. Connections can be cut anywhere.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { ExecCall, Running } from '../../../src/kube/exec/exec.ts'
import type { ReceiveConfig } from '../../../src/mover/contract.ts'
import { TransientError } from '../../../src/errors.ts'
import { bundledMover } from './bundle.ts'

export interface LocalCluster {
  /** The shell of the server's container; undefined for a container without one. */
  readonly shell: readonly string[] | undefined
  /** Where its programs are. */
  readonly path: string
  readonly config: ReceiveConfig
  /** How many bytes, of all connections together and in either direction, until one is cut. Counted down. */
  cutAfter: number
  /** Called before each command. */
  before?: (call: ExecCall) => void | Promise<void>
}

export function localExec(cluster: LocalCluster): (call: ExecCall) => Promise<Running> {
  return async (call) => {
    await cluster.before?.(call)
    const [program, ...args] = await wordsOf(cluster, call)
    if (program === undefined) return missing
    const child = spawn(program, args, {
      env: { PATH: cluster.path, MOVER_CONFIG: JSON.stringify(cluster.config) },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    return startExecution(cluster, child)
  }
}

async function wordsOf({ shell, path }: LocalCluster, { container, command }: ExecCall): Promise<readonly string[]> {
  if (container === 'mover') return [process.execPath, await bundledMover(), ...command.slice(2)]
  return shell === undefined
    ? []
    : [...shell, ...command.slice(1).map((word) => word.replaceAll('$PATH_OF_TEST', path))]
}

const missing: Running = {
  write: () => Promise.resolve(),
  endInput: () => Promise.resolve(),
  output: async function* nothing() {},
  exit: () => ({ exitCode: 127, stderr: 'exec: "sh": executable file not found in $PATH' }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}

/** With all that it started. */
function end({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It was quicker.
  }
}

function startExecution(cluster: LocalCluster, child: ChildProcess): Running {
  const closed = once(child, 'close') as Promise<[number | null]>
  const exited = once(child, 'exit')
  let stderr = ''
  let exitCode = -1
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()))
  child.stdin?.on('error', () => undefined)
  const count = (bytes: number): void => {
    cluster.cutAfter -= bytes
    if (cluster.cutAfter >= 0) return
    cluster.cutAfter = Number.POSITIVE_INFINITY
    end(child)
    throw new TransientError('exec was cut')
  }
  return {
    write: async (bytes) => {
      const left = Math.max(0, Math.min(bytes.length, cluster.cutAfter))
      // An error of the pipe is seen by its listener; here it is a command that has ended.
      if (child.stdin?.write(bytes.subarray(0, left)) === false)
        await Promise.race([new Promise((resolve) => child.stdin?.once('drain', resolve)), exited])
      if (child.stdin?.writable !== true) throw new TransientError('exec was cut: the command has ended')
      count(bytes.length)
    },
    endInput: () => {
      child.stdin?.end()
      return Promise.resolve()
    },
    output: async function* output() {
      for await (const piece of child.stdout as AsyncIterable<Buffer>) {
        yield piece
        count(piece.length)
      }
      exitCode = (await closed)[0] ?? 137
    },
    exit: () => ({ exitCode, stderr }),
    [Symbol.asyncDispose]: async () => {
      end(child)
      // What nobody reads would keep it from closing.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
      await closed
    },
  }
}
