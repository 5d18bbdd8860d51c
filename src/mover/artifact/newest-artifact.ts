// Which stored snapshot a directory means: itself, if it is one, else the newest good one in it. What it says of itself is a stranger's text.
import { join } from 'node:path'
import { isFileName } from '../config.ts'
import { exitCodes } from '../contract.ts'
import { Failure } from '../failure.ts'
import { HeldDirectory } from '../io/directory.ts'
import { ClaimFile } from '../source/claim-file.ts'
import { parseTime } from '../source/rfc3339.ts'
import { manifest, type Manifest } from './manifest-schema.ts'
import { manifestName, readSmallFile } from './manifest.ts'

export interface FoundArtifact {
  /** Name of its directory in the one that was looked at; undefined where that is the artifact itself. */
  readonly name: string | undefined
  readonly content: Manifest
}

/** A hash of any other file is not what is looked for. */
export async function findNewest(directory: HeldDirectory, sha256: string | undefined): Promise<FoundArtifact> {
  const own = await readArtifact(directory)
  if (typeof own !== 'string') return requireHash(directory, { name: undefined, content: own }, sha256)
  const entries = await directory.entries()
  if (entries.some(({ name }) => name === manifestName)) throw missing(`${directory.path} ${own}`)
  const names = entries.filter((entry) => entry.isDirectory() && isFileName(entry.name) && !entry.name.startsWith('.'))
  const refused: string[] = []
  let newest: FoundArtifact | undefined
  for (const { name } of names) {
    const content = await readChild(directory, name)
    if (typeof content === 'string') refused.push(`${cut(name)} ${content}`)
    else if ((sha256 === undefined || content.file.sha256 === sha256) && isNewer(content, newest?.content))
      newest = { name, content }
  }
  if (newest !== undefined) return newest
  throw missing(
    `${directory.path} holds no good snapshot${sha256 === undefined ? '' : ` with sha256 ${sha256}`}${why(refused)}`,
  )
}

async function readChild(directory: HeldDirectory, name: string): Promise<Manifest | string> {
  const child = await directory.child(name)
  if (!(child instanceof HeldDirectory)) return 'is gone'
  await using held = child
  return await readArtifact(held)
}

/** Its manifest, or why it is none, as the rest of a sentence. */
async function readArtifact(directory: HeldDirectory): Promise<Manifest | string> {
  const text = await readSmallFile(join(directory.path, manifestName), directory.at(manifestName))
  if (text === undefined) return `has no ${manifestName}`
  const content = parse(text)
  if (content === undefined || !isSound(content)) return `has a ${manifestName} that says nothing of use`
  const { name, sizeBytes } = content.file
  try {
    await using file = await ClaimFile.open(directory, name)
    return file.sizeBytes.toString() === sizeBytes ? content : `has a file that does not match its ${manifestName}`
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.sourceMissing) return `lacks its file ${cut(name)}`
    throw error
  }
}

function parse(text: string): Manifest | undefined {
  try {
    return manifest.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

function isSound({ file, meilisearch, task }: Manifest): boolean {
  return (
    isFileName(file.name) &&
    /^[0-9a-f]{64}$/.test(file.sha256) &&
    /^[0-9A-Za-z.+-]{1,64}$/.test(meilisearch.version) &&
    task.finishedAt.length <= 64 &&
    parseTime(task.finishedAt) !== undefined
  )
}

function isNewer(content: Manifest, other: Manifest | undefined): boolean {
  if (other === undefined) return true
  return (parseTime(content.task.finishedAt) ?? 0n) > (parseTime(other.task.finishedAt) ?? 0n)
}

function requireHash(directory: HeldDirectory, found: FoundArtifact, sha256: string | undefined): FoundArtifact {
  const { sha256: present } = found.content.file
  if (sha256 === undefined || present === sha256) return found
  throw new Failure(
    exitCodes.mismatch,
    `${directory.path} is not the snapshot that is meant: its sha256 is ${present}, not ${sha256}.`,
  )
}

function missing(what: string): Failure {
  return new Failure(exitCodes.sourceMissing, `${what}; restore from another path, or bring the snapshot there.`)
}

function why(refused: readonly string[]): string {
  if (refused.length === 0) return ''
  const more = refused.length > 2 ? `, and ${refused.length - 2} more` : ''
  return ` (${refused.slice(0, 2).join(', ')}${more})`
}

function cut(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name
}
