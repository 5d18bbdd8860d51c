// The mover's composition root: runs in a Job, does the one thing that its configuration asks for, reports how it went, and ends.
// Everything up to the version check must be readable for an old Node, so that it can say what is wrong.
import { writeFileSync } from 'node:fs'
import { startInterval, startTimer } from '../runtime/timers.ts'
import { version } from '../telemetry/version.ts'
import { parseConfig } from './config.ts'
import {
  exitCodes,
  type FillConfig,
  type InspectConfig,
  type MoverConfig,
  type MoverResult,
  type ResolveConfig,
  type SanitizeConfig,
  type StoreConfig,
} from './contract.ts'
import { Failure } from './failure.ts'
import { RateLimit } from './io/rate-limit.ts'
import { orAborted, Progress } from './io/progress.ts'
import { hand, receive } from './command/receive.ts'
import { removeSource } from './command/remove-source.ts'
import { deleteArtifact } from './command/delete-artifact.ts'
import { resultLine, resultOf } from './io/report.ts'
import type { Surroundings } from './artifact/fill.ts'
import { fill } from './command/fill.ts'
import { inspect } from './command/inspect.ts'
import { store } from './command/move.ts'
import { resolve } from './command/resolve.ts'
import { sanitize } from './command/sanitize.ts'
import { probe } from './io/space.ts'
import { openMountedSource } from './source/source.ts'

const neededNode = 24
/** One for each buffer of a copy: a disk that is read past the cache wants to be asked for more than one block at a time. Read when the first work comes. */
const poolThreads = 8
const progressEveryMs = 5000
const stallCheckMs = 500
/** After an abort: time for removing the partial directory, if the storage lets us. */
const graceMs = 10_000

/** None of these timers keeps a run going. */
const background = { keepsAlive: false }

const stop = new AbortController()

/** Executed beside a `receive` that waits: not a mover of its own, so it leaves the termination message alone. */
async function handOver(): Promise<never> {
  try {
    const config = parseConfig(process.env['MOVER_CONFIG'])
    if (config.command !== 'receive') throw new Error(`this mover was started to ${config.command}`)
    await hand(config)
    process.exit(0)
  } catch (error) {
    printError(`Nothing could be handed over: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  }
}

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < neededNode) {
    const message = `The mover needs Node ${neededNode} or newer, this is ${process.version}; use the operator's own image.`
    return exitWith({ exitCode: exitCodes.badConfiguration, message })
  }
  process.env['UV_THREADPOOL_SIZE'] ??= String(poolThreads)
  // Everything is made with modes of our own; others than user and group have no business with a database.
  process.umask(0o007)
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  if (process.argv[2] === 'hand') return handOver()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(terminationFailure(signal)))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => stop.abort(error))
  exitWith(await Promise.race([work(), afterGrace()]).catch(resultOfError))
}

function terminationFailure(signal: string): Failure {
  return new Failure(
    exitCodes.terminated,
    `The mover was ended by ${signal} before it was done; the run can be repeated.`,
  )
}

async function work(): Promise<MoverResult> {
  const config = parseConfig(process.env['MOVER_CONFIG'])
  startTimer(() => stop.abort(deadlineFailure(config.deadlineSeconds)), config.deadlineSeconds * 1000, background)
  return perform(config)
}

/** After an abort `store` and `fill` clean up; the others leave nothing that the next run would not find, and end at once. */
async function perform(config: MoverConfig): Promise<MoverResult> {
  switch (config.command) {
    case 'move': {
      const surroundings = surroundingsOf(config)
      return store(config, { ...surroundings, open: () => openMountedSource(config, surroundings) })
    }
    case 'receive':
      return receive(config, surroundingsOf(config))
    case 'probe':
      return orAborted(stop.signal, probe(config))
    case 'removeSource':
      return orAborted(stop.signal, removeSource(config))
    case 'deleteArtifact':
      return orAborted(stop.signal, deleteArtifact(config))
    case 'resolve':
      return orAborted(stop.signal, resolve(config, surroundingsOf(config)))
    case 'fill':
      return fill(config, surroundingsOf(config))
    case 'inspect':
      return inspect(config, { signal: stop.signal, progress: progressOf(config) })
    case 'sanitize':
      return sanitize(config, { signal: stop.signal, progress: progressOf(config) })
  }
}

type Watched = StoreConfig | ResolveConfig | FillConfig

function surroundingsOf(config: Watched): Omit<Surroundings, 'open'> {
  const { signal } = stop
  const progress = progressOf(config)
  const rateLimit = new RateLimit({ bytesPerSecond: config.bytesPerSecond, progress, signal })
  return { version, progress, rateLimit, signal, warn: printError }
}

/** Printed now and then, and watched: a copy that no longer moves ends. */
function progressOf(config: Watched | InspectConfig | SanitizeConfig): Progress {
  const { command } = config
  // What a server does until it answers is not seen from here: the deadline is its limit.
  const stallSeconds = 'stallSeconds' in config ? config.stallSeconds : config.deadlineSeconds
  const progress = new Progress((line) => process.stdout.write(`${line}\n`), command === 'receive')
  startInterval(() => progress.report(), progressEveryMs, background)
  const abortStalled = (): void => {
    const stalled = progress.stall(stallSeconds)
    if (stalled !== undefined) stop.abort(stalled)
  }
  startInterval(abortStalled, stallCheckMs, background)
  return progress
}

function deadlineFailure(deadlineSeconds: number): Failure {
  return new Failure(
    exitCodes.stalled,
    `The mover did not finish in ${deadlineSeconds} s; the storage is too slow for the file, or the deadline is too short.`,
  )
}

/** Rejects some time after an abort with its reason, for a run that hangs in the kernel and cannot clean up any more. */
async function afterGrace(): Promise<never> {
  return new Promise((_resolve, reject) => {
    stop.signal.addEventListener('abort', () => startTimer(() => reject(stop.signal.reason as Error), graceMs))
  })
}

function resultOfError(error: unknown): MoverResult {
  if (!(error instanceof Failure)) printError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return resultOf(error)
}

function printError(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Says how it went, in the termination message and as the last line of stdout, and ends the process. */
function exitWith(result: MoverResult): void {
  const line = resultLine(result)
  try {
    writeFileSync(process.env['TERMINATION_MESSAGE_PATH'] ?? '/dev/termination-log', line)
  } catch (error) {
    printError(`Cannot write the termination message: ${String(error)}`)
  }
  process.stdout.write(`${line}\n`)
  // An exit waits for the thread pool, for ever if a read hangs in the kernel; replacing the process does not.
  if (stop.signal.aborted)
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${result.exitCode})`], {})
  process.exit(result.exitCode)
}

await main()
