// Removes Meilisearch's own file after its copy is on record: the very file that was stored.
// No system call removes a name only if it still means a certain file. So the name is moved aside first, to one that is used once and that nobody
// else writes to, and the file is looked at there. The stored file goes. Any other gets its name back, unless a file has come there since: that one is
// never replaced, and the caught one is unlinked if it is no newer, else both stay.
import { randomBytes } from 'node:crypto'
import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { exitCodes, type MoverResult, type RemoveSourceConfig } from '../contract.ts'
import { HeldDirectory } from '../io/directory.ts'
import { errnoOf, Failure } from '../failure.ts'
import { lookAt, stateOf } from '../source/stored-file.ts'

type SourceOutcome = NonNullable<MoverResult['sourceOutcome']>

interface Removal {
  readonly held: HeldDirectory
  readonly config: RemoveSourceConfig
  /** Another snapshot that was caught, and could not go back without a doubt. */
  keptAside?: string
}

/**
 * Run again after a kill at any point it comes to the same end. From the first look at the file on, everything is synchronous: no signal
 * and no timer comes between two steps, and the name is free for some microseconds at most. Meilisearch puts each snapshot
 * into place by renaming a temporary file and works on with that open file: it never needs the name to be there.
 */
export async function removeSource(config: RemoveSourceConfig): Promise<MoverResult> {
  await using held = await HeldDirectory.open({ path: config.source.directory, side: 'snapshots' })
  const work: Removal = { held, config }
  const leftovers = (await held.entries()).map(({ name }) => name).filter((name) => isOwn(name, config))
  const settled = leftovers.map((name) => finishRemoval(work, name))
  const now = removeSourceFile(work)
  held.flushSync()
  const sourceOutcome = settled.includes('removed') ? 'removed' : now
  return { exitCode: exitCodes.done, message: messageOf(work, sourceOutcome), sourceOutcome }
}

/** What an earlier run left when it was killed between moving aside and the end. Its name was used once: what lies there cannot change any more. */
function finishRemoval(work: Removal, name: string): SourceOutcome {
  const { held, config } = work
  const found = lookAt(held, name, config.stored)
  if (found === 'stored') return removeAside(work, name)
  if (found === 'other') putBack(work, name)
  return found === 'other' ? 'replaced' : 'absent'
}

function removeSourceFile(work: Removal): SourceOutcome {
  const { held, config } = work
  const { fileName } = config.source
  const found = lookAt(held, fileName, config.stored)
  if (found !== 'stored') return found === 'other' ? 'replaced' : 'absent'
  const aside = freshName(config)
  if (!tryHardLink(work) || !moveAside(work, aside)) return 'absent'
  try {
    if (lookAt(held, aside, config.stored) === 'stored') return removeAside(work, aside)
  } catch (error) {
    putBack(work, aside)
    throw error
  }
  putBack(work, aside)
  return held.doingSync('look at', fileName, () => stateOf(held.at(fileName))) === undefined ? 'absent' : 'replaced'
}

/** False: there is nothing to move any more. */
function moveAside({ held, config }: Removal, aside: string): boolean {
  const { fileName } = config.source
  return held.doingSync('remove', fileName, () => unlessAbsent(() => renameSync(held.at(fileName), held.at(aside))))
}

/** Tried on the file itself before anything is moved, because a file system or its rules may forbid hard links. False: the file is gone. */
function tryHardLink({ held, config }: Removal): boolean {
  const { fileName } = config.source
  const second = freshName(config)
  return held.doingSync('remove', fileName, () => {
    try {
      if (!unlessAbsent(() => linkSync(held.at(fileName), held.at(second)))) return false
    } catch (error) {
      const code = errnoOf(error) ?? ''
      if (!['ENOTSUP', 'ENOSYS'].includes(code)) throw error
      const why =
        'without hard links a newer snapshot that comes in the same instant could be lost, so nothing was removed; use sourcePolicy: Keep on this volume.'
      throw new Failure(exitCodes.permissionDenied, `Cannot remove ${held.path}/${fileName} (${code}): ${why}`, {
        cause: error,
      })
    }
    // Never the only name of a file that is still needed: whatever it caught lies under the real name, or was replaced there.
    unlessAbsent(() => unlinkSync(held.at(second)))
    return true
  })
}

function removeAside({ held }: Removal, aside: string): SourceOutcome {
  held.doingSync('remove', aside, () => unlessAbsent(() => unlinkSync(held.at(aside))))
  return 'removed'
}

/**
 * A file that is not the stored one gets its name back, by link(): unlike rename() it never replaces. Where a file stands there by now it is Meilisearch's
 * next, which would have replaced this one anyway. Only if the times say otherwise nothing is removed, and both stay.
 */
function putBack(work: Removal, aside: string): void {
  const { held, config } = work
  const { fileName } = config.source
  try {
    // Gone: another run of the same object has put it back.
    if (!unlessAbsent(() => linkSync(held.at(aside), held.at(fileName)))) return
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw strandedFailure(work, aside, error)
    if (!isOutdated(work, aside)) {
      work.keptAside = aside
      return
    }
  }
  held.flushSync()
  held.doingSync('remove', aside, () => unlessAbsent(() => unlinkSync(held.at(aside))))
}

function isOutdated({ held, config }: Removal, aside: string): boolean {
  const caught = stateOf(held.at(aside))
  const present = stateOf(held.at(config.source.fileName))
  return caught === undefined || (present?.isFile() === true && present.mtimeNs >= caught.mtimeNs)
}

function strandedFailure({ held, config }: Removal, aside: string, cause: unknown): Failure {
  const what = `A newer snapshot than the stored one lies at ${held.path}/${aside} and could not be put back (${errnoOf(cause)})`
  return new Failure(exitCodes.inputOutput, `${what}; run this again, or rename it to ${config.source.fileName}.`, {
    cause,
  })
}

/** False where there was nothing to do it to. */
function unlessAbsent(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

function freshName(config: RemoveSourceConfig): string {
  return `${ownPrefix(config)}${randomBytes(4).toString('hex')}`
}

function isOwn(name: string, config: RemoveSourceConfig): boolean {
  const prefix = ownPrefix(config)
  return name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length))
}

function ownPrefix({ object }: RemoveSourceConfig): string {
  return `.removing-${object.uid}-`
}

function messageOf({ held, config, keptAside }: Removal, sourceOutcome: SourceOutcome): string {
  const path = `${held.path}/${config.source.fileName}`
  const said = {
    removed: `Removed ${path}, the file that was stored.`,
    replaced: `What lies at ${path} is not the file that was stored; it was left alone.`,
    absent: `Nothing lies at ${path}: the file that was stored is gone already.`,
  }[sourceOutcome]
  return keptAside === undefined
    ? said
    : `${said} Another snapshot, dated later than that one, lies at ${held.path}/${keptAside}: keep the one you need.`
}
