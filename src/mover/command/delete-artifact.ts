// Deletes one object's artifact from its claim (deletionPolicy Delete). It renames first, so that nothing half lies under a final name; then it
// unlinks the mover's files one by one, the manifest last: as long as there is a file, there is proof of whose it is.
// It never deletes a file that no mover put there or that is another object's, and follows no symbolic link.
import { randomBytes } from 'node:crypto'
import { rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pathComponents } from '../config.ts'
import { exitCodes, type MoverResult, type DeleteArtifactConfig } from '../contract.ts'
import { HeldDirectory } from '../io/directory.ts'
import { errnoOf, Failure } from '../failure.ts'
import { parseOwner, manifestName, readSmallFile, sumsName } from '../artifact/manifest.ts'
import { isOwnPartial, removePartial } from '../artifact/paths.ts'

/** The files of an artifact that is this object's, in the order in which they go; else the reason why it is left alone. */
type Judgement = { readonly files: readonly string[] } | { readonly objection: string } | 'absent'

/** Everything that is there is judged before anything is touched. Run again after a kill at any point it comes to the same end. */
export async function deleteArtifact(config: DeleteArtifactConfig): Promise<MoverResult> {
  const { directory } = config.destination
  const found = await openParent(config)
  if (found === undefined) return resultOf(config, { artifacts: 0, partials: 0 })
  await using parent = found
  const gone = { artifacts: 0, partials: 0 }
  // Until nothing is left: another run of the same object may be at work, too.
  for (;;) {
    const { artifacts, partials } = await findOwn(parent, config)
    if (artifacts.length + partials.length === 0) break
    for (const name of artifacts) await requireOwn(parent, name, config)
    for (const name of artifacts) await removeArtifact(parent, name, config)
    for (const name of partials)
      await parent.doing('remove', name, () => removePartial(parent.at(name), { parent: parent.at(''), directory }))
    gone.artifacts += artifacts.length
    gone.partials += partials.length
  }
  await parent.flush()
  return resultOf(config, gone)
}

/** From the claim's root down, each directory opened through the one above it; undefined where there is none. */
async function openParent({ destination }: DeleteArtifactConfig): Promise<HeldDirectory | undefined> {
  let held = await HeldDirectory.open({ path: destination.root, side: 'destination' })
  for (const component of pathComponents(destination.path)) {
    await using above = held
    const next = await above.child(component)
    if (next === 'absent') return undefined
    if (next === 'other')
      throw conflict(join(above.path, component), 'is a symbolic link or no directory, and is not followed')
    held = next
  }
  return held
}

/** What goes by this object's names: the artifact, what runs of `deleteArtifact` left when they were killed, and what runs of `move` left. */
async function findOwn(
  parent: HeldDirectory,
  { destination: { directory }, extent }: DeleteArtifactConfig,
): Promise<{ artifacts: string[]; partials: string[] }> {
  const names = (await parent.entries()).map(({ name }) => name)
  return {
    artifacts: extent === 'Partials' ? [] : names.filter((name) => name === directory || isDeleting(name, directory)),
    partials: names.filter((name) => isOwnPartial(name, directory)),
  }
}

async function requireOwn(parent: HeldDirectory, name: string, config: DeleteArtifactConfig): Promise<void> {
  const judged = await judge(parent, name, config)
  if (judged !== 'absent' && 'objection' in judged) throw conflict(join(parent.path, name), judged.objection)
}

/** The manifest is read before the directory is listed: where another run removes it meanwhile, the list is empty then. */
async function judge(
  parent: HeldDirectory,
  name: string,
  { object, destination }: DeleteArtifactConfig,
): Promise<Judgement> {
  const opened = await parent.child(name)
  if (opened === 'absent') return 'absent'
  if (opened === 'other') return { objection: 'is a symbolic link or no directory' }
  await using artifact = opened
  const owner = parseOwner(await readSmallFile(join(artifact.path, manifestName), artifact.at(manifestName)))
  const entries = await artifact.entries()
  if (owner === undefined) {
    if (entries.length === 0 && name !== destination.directory) return { files: [] }
    return { objection: `has no readable ${manifestName}, so nothing says whose it is` }
  }
  const { uid } = owner.object
  if (uid !== object.uid)
    return { objection: `belongs to another object, ${owner.object.namespace}/${owner.object.name} (uid ${uid})` }
  const files = [owner.file.name, sumsName, manifestName]
  const foreign = entries.filter((entry) => !files.includes(entry.name) || !entry.isFile())
  if (foreign.length > 0)
    return { objection: `also holds what no mover put there (${namesText(foreign.map((entry) => entry.name))})` }
  return { files }
}

/** Names of others can be long, and many. */
function namesText(names: readonly string[]): string {
  const shown = names
    .toSorted()
    .slice(0, 3)
    .map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name))
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(', ')
}

function conflict(path: string, what: string): Failure {
  return new Failure(
    exitCodes.destinationConflict,
    `${path} ${what}; nothing of it was removed. Look at it, and move away or remove by hand what is not needed.`,
  )
}

/** Judged once more under its hidden name, where nobody else changes it: what was renamed may not be what was looked at. */
async function removeArtifact(parent: HeldDirectory, name: string, config: DeleteArtifactConfig): Promise<void> {
  const { directory } = config.destination
  const hidden = name === directory ? `.${directory}.${randomBytes(4).toString('hex')}.deleting` : name
  if (hidden !== name) {
    if (!(await unlessAbsent(() => parent.doing('remove', name, () => rename(parent.at(name), parent.at(hidden))))))
      return
    await parent.flush()
  }
  const judged = await judge(parent, hidden, config)
  if (judged === 'absent') return
  if ('objection' in judged) {
    if (hidden !== name) await parent.doing('put back', hidden, () => rename(parent.at(hidden), parent.at(name)))
    throw conflict(join(parent.path, name), judged.objection)
  }
  await empty(parent, hidden, judged.files)
  await unlessAbsent(() => parent.doing('remove', hidden, () => rmdir(parent.at(hidden))))
}

async function empty(parent: HeldDirectory, hidden: string, files: readonly string[]): Promise<void> {
  const opened = await parent.child(hidden)
  if (!(opened instanceof HeldDirectory)) return
  await using artifact = opened
  for (const file of files) {
    // The proof must not be gone before the rest, not even after a power cut.
    if (file === manifestName) await artifact.flush()
    await unlessAbsent(() => artifact.doing('remove', file, () => unlink(artifact.at(file))))
  }
}

async function unlessAbsent(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (errnoOf((error as Error).cause) === 'ENOENT') return false
    throw error
  }
}

function isDeleting(name: string, directory: string): boolean {
  const start = `.${directory}.`
  return name.startsWith(start) && /^[0-9a-f]{8}\.deleting$/.test(name.slice(start.length))
}

function resultOf(
  { destination: { root, path, directory }, extent }: DeleteArtifactConfig,
  { artifacts, partials }: { artifacts: number; partials: number },
): MoverResult {
  const final = join(root, path, directory)
  if (extent === 'Partials')
    return {
      exitCode: exitCodes.done,
      message: `Partial directories of interrupted movers beside ${final} that were removed: ${partials}.`,
    }
  const leftovers = partials === 0 ? '' : ` Partial directories of interrupted movers went, too: ${partials}.`
  const artifactOutcome = artifacts > 0 ? 'removed' : 'absent'
  const said = {
    removed: `Removed ${final}.`,
    absent: `Nothing lies at ${final}: it is gone already, or was never stored.`,
  }[artifactOutcome]
  return { exitCode: exitCodes.done, message: `${said}${leftovers}`, artifactOutcome }
}
