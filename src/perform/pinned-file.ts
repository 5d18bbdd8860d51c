// Reads what a server's container says of the file that is streamed, and whether it is still the one that was begun.
// stream-scripts.ts makes the scripts that say it. Pure.
import { TransientError } from '../errors.ts'
import { exitCodes } from '../mover/contract.ts'
import type { FileIdentity } from '../mover/contract.ts'
import type { Frame, RefusalCode } from '../mover/stream/frames.ts'
import type { PinnedFile } from '../reconcile/decision.ts'
import { pinPrefix } from './stream-scripts.ts'

export type Seen =
  | { readonly file: FileIdentity; readonly name: string }
  | { readonly refusal: Extract<Frame, { is: 'refusal' }> }

export const pinNameOf = ({ pin }: PinnedFile): string => `${pinPrefix}${pin}`

function refusal(
  exitCode: RefusalCode,
  message: string,
  modifiedAt?: string,
): { refusal: Extract<Frame, { is: 'refusal' }> } {
  return { refusal: { is: 'refusal', exitCode, message, ...(modifiedAt === undefined ? {} : { modifiedAt }) } }
}

/** What the container says of the file. @throws TransientError where it says nothing of use */
export function parseLook(line: string, source: PinnedFile): Seen {
  const { pod, container, directory, fileName } = source
  const [, how, inode, size, date, time] =
    /^(pinned|named) (\d+) (\d+) (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?) \+0000$/.exec(line) ?? []
  if (inode !== undefined)
    return {
      file: { inode, sizeBytes: Number(size), modifiedAt: `${date}T${time}Z` },
      name: how === 'pinned' ? pinNameOf(source) : fileName,
    }
  const path = `${directory}/${fileName} in container ${container} of Pod ${pod}`
  if (line.startsWith('lacks'))
    return refusal(
      exitCodes.toolsMissing,
      `Container ${container} of Pod ${pod} has no ${line.slice('lacks '.length)}, which streaming needs. Use an image with a shell and the usual tools (the official one has them), or put MEILI_SNAPSHOT_DIR on a claim that a mover can mount.`,
    )
  if (line === 'absent')
    return refusal(
      exitCodes.sourceMissing,
      `There is no ${path}; check snapshotDirectory of the MeiliInstance. Where the container was started anew, its snapshots are gone: create another MeiliSnapshot.`,
    )
  if (line === 'other')
    return refusal(exitCodes.sourceMissing, `${path} is not a regular file; Meilisearch writes its snapshot as one.`)
  if (line === 'denied')
    return refusal(exitCodes.permissionDenied, `${path} cannot be read by the container's own user.`)
  throw new TransientError(`${path} could not be looked at: ${line.slice(0, 500)}`)
}

/** Once a file is begun, only that one will do: another one in its place is newer, and has its own label. */
export function refuseOther(seen: Seen, begun: FileIdentity | undefined): Seen {
  if (begun === undefined) return seen
  if ('refusal' in seen)
    return seen.refusal.exitCode === exitCodes.sourceMissing
      ? { refusal: { ...seen.refusal, modifiedAt: begun.modifiedAt } }
      : seen
  const { inode, sizeBytes, modifiedAt } = seen.file
  if (inode === begun.inode && sizeBytes === begun.sizeBytes && modifiedAt === begun.modifiedAt) return seen
  return refusal(
    exitCodes.superseded,
    `The snapshot file was replaced while it was sent, by one of ${modifiedAt}; the batch that wrote it must be found.`,
    modifiedAt,
  )
}

/** What was read must be of the file that was begun, before and after, and hash to the same where the container can tell. */
export function whyWrong(
  { exitCode, stderr }: { exitCode: number; stderr: string },
  { file, sha256 }: { file: FileIdentity; sha256: string },
): string | undefined {
  if (exitCode !== 0) return `reading ended with exit code ${exitCode}: ${stderr.slice(0, 300)}`
  const states = [...stderr.matchAll(/^(?:open|after) (\d+) (\d+) (\S+) (\S+) \+0000$/gm)]
  const same = states.filter(
    ([, inode, size, date, time]) =>
      inode === file.inode && Number(size) === file.sizeBytes && `${date}T${time}Z` === file.modifiedAt,
  )
  if (states.length !== 2 || same.length !== 2) return 'the file was changed or replaced meanwhile'
  const reported = /^([0-9a-f]{64}) /m.exec(stderr)?.[1]
  return reported === undefined || reported === sha256
    ? undefined
    : `the container read ${reported}, and ${sha256} came`
}
