// Measures whether the copy fits. Sizes are BigInt: a claim is often larger than 32 bits can count.
import { statfs } from 'node:fs/promises'
import { exitCodes, type MoverResult, type ProbeConfig } from '../contract.ts'
import { during, Failure } from '../failure.ts'

const mebibyte = 1024n * 1024n
/** Directories of the path, the artifact's own, and its three files. */
const neededInodes = 16n

export interface Space {
  readonly neededBytes: number
  readonly freeBytes: number
}

/** The file itself and a reserve of 1 %, at least 64 MiB: manifest, directories, and what the file system needs for itself. */
function neededBytes(sizeBytes: bigint): bigint {
  const percent = sizeBytes / 100n
  return sizeBytes + (percent > 64n * mebibyte ? percent : 64n * mebibyte)
}

/** What is needed on the file system of `directory` and what an ordinary user may still use there. */
export async function measureSpace(
  directory: string,
  sizeBytes: bigint,
): Promise<Space & { readonly inodesLeft: boolean }> {
  const state = await during({ side: 'destination', what: 'measure the free space of', path: directory }, () =>
    statfs(directory, { bigint: true }),
  )
  return {
    neededBytes: asInteger(neededBytes(sizeBytes)),
    freeBytes: asInteger(state.bavail * state.bsize),
    // A file system without a fixed table of inodes says 0 of 0.
    inodesLeft: state.files === 0n || state.ffree >= neededInodes,
  }
}

/** The command `probe`: the same question as before a copy, asked of the claim's root, because the path may not be there yet. */
export async function probe({ destination, sizeBytes }: ProbeConfig): Promise<MoverResult> {
  const { root, claim, path } = destination
  const space = await requireSpace(root, BigInt(sizeBytes))
  const message = `Claim ${claim} has enough space below ${path}: ${space.freeBytes} bytes are free, ${space.neededBytes} are needed for a file of ${sizeBytes}.`
  return { exitCode: exitCodes.done, message, space }
}

/** Ends the run with `noSpace` unless the copy fits. */
export async function requireSpace(directory: string, sizeBytes: bigint): Promise<Space> {
  const { inodesLeft, ...space } = await measureSpace(directory, sizeBytes)
  if (space.freeBytes < space.neededBytes) {
    const message = `The claim has ${space.freeBytes} bytes free at ${directory}, the copy needs ${space.neededBytes}; free some space there or enlarge it.`
    throw new Failure(exitCodes.noSpace, message, { space })
  }
  if (!inodesLeft) {
    throw new Failure(
      exitCodes.noSpace,
      `The file system at ${directory} has no inodes left for new files; delete files there.`,
      { space },
    )
  }
  return space
}

function asInteger(bytes: bigint): number {
  return bytes > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(bytes)
}
