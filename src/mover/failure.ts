// The reasons for which a run ends without success: an exit code, and a plain sentence for whoever reads the status.
// Only errors that the kernel names are translated here; anything else is a bug and stays as it is.
import { exitCodes, type ExitCode, type MoverResult } from './contract.ts'

type Facts = Pick<MoverResult, 'modifiedAt' | 'space'> & { readonly cause?: unknown }

/** An end that was foreseen. `message` says what happened, where, and what to do; it holds no secret. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  readonly facts: Facts
  constructor(exitCode: ExitCode, message: string, facts: Facts = {}) {
    super(message, { cause: facts.cause })
    this.name = 'Failure'
    this.exitCode = exitCode
    this.facts = facts
  }
}

/** Where something is done: `snapshots` is Meilisearch's directory where it is mounted writable, `artifact` the claim that is restored from. */
export type Side = 'source' | 'destination' | 'snapshots' | 'artifact'

/** What was being done, so that an errno becomes a sentence: `Cannot <what> <path>: …`. */
export interface Doing {
  readonly side: Side
  readonly what: string
  readonly path: string
}

/** Does one piece of work; an error of the kernel comes out as a Failure, any other error as it was. */
export async function during<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error, doing)
  }
}

/** The same for work that must not be interrupted. */
export function duringSync<T>(doing: Doing, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw failureOf(error, doing)
  }
}

/** Node knows no name for these and says `Unknown system error -122`. Linux's numbers. */
const unnamed: Readonly<Record<number, string>> = { [-116]: 'ESTALE', [-122]: 'EDQUOT' }

/** The kernel's own name of an error, e.g. `ENOSPC`; undefined for anything that did not come from the kernel. */
export function errnoOf(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown }
  return typeof code === 'string' && typeof errno === 'number' ? (unnamed[errno] ?? code) : undefined
}

function failureOf(error: unknown, doing: Doing): unknown {
  const code = errnoOf(error)
  if (code === undefined || error instanceof Failure) return error
  const [exitCode, why] = translate(code, doing)
  return new Failure(exitCode, `Cannot ${doing.what} ${doing.path} (${code}): ${why}`, { cause: error })
}

const whyDenied = {
  source: (who: string) =>
    `${who} may not read it; let the mover run with the user or group that owns Meilisearch's snapshot directory.`,
  destination: (who: string) =>
    `${who} may not write there; make the claim writable for that user or set an fsGroup that owns it.`,
  snapshots: (who: string) =>
    `${who} may not remove it; let the mover run with the user that owns Meilisearch's snapshot directory and the file in it.`,
  artifact: (who: string) =>
    `${who} may not read it; let the restore run with the user or group that the stored snapshot belongs to.`,
}

const volumes = {
  source: 'snapshot volume',
  destination: 'destination claim',
  snapshots: 'snapshot volume',
  artifact: 'claim that is restored from',
}

function translate(code: string, doing: Doing): [ExitCode, string] {
  const volume = volumes[doing.side]
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return [
        exitCodes.permissionDenied,
        whyDenied[doing.side](`user ${process.getuid?.()}, groups ${process.getgroups?.().join(' ')},`),
      ]
    case 'EROFS':
      return [exitCodes.permissionDenied, `the file system is read-only; mount the ${volume} writable.`]
    case 'ENOSPC':
      return [exitCodes.noSpace, `no space left on the ${volume}; free some space there or enlarge it.`]
    case 'EDQUOT':
      return [exitCodes.noSpace, `the quota of the ${volume} is used up; free some space there or raise the quota.`]
    case 'EIO':
      return [
        exitCodes.inputOutput,
        'the storage reports an I/O error; look at the volume and at the kernel log of its node.',
      ]
    default:
      return translateAbsence(code, doing)
  }
}

function translateAbsence(code: string, { side }: Doing): [ExitCode, string] {
  if (side === 'artifact' && ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code))
    return [exitCodes.sourceMissing, 'there is no such file; restore from another path, or bring the snapshot there.']
  if (side !== 'destination' && (code === 'ENOENT' || code === 'ENOTDIR')) {
    return [
      exitCodes.sourceMissing,
      'there is no such file; check the snapshot directory of the Meilisearch server and how it is mounted.',
    ]
  }
  if (side !== 'destination' && code === 'ELOOP') {
    return [
      exitCodes.sourceMissing,
      'it is a symbolic link and is not followed; Meilisearch writes a regular file there.',
    ]
  }
  if (code === 'ENOENT')
    return [exitCodes.inputOutput, 'it disappeared during the work; is another mover of the same object running?']
  return [exitCodes.inputOutput, `the ${volumes[side]} refused it; the run can be repeated.`]
}
