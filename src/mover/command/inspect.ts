// The command `inspect`: asks a Meilisearch that was started on restored data what it serves, and compares that with the artifact's manifest.
// It is in the same pod, on loopback, without a key; nothing here writes to it.
import { join } from 'node:path'
import { z } from 'zod'
import { manifestName, readSmallFile } from '../artifact/manifest.ts'
import { exitCodes, type InspectConfig, type MoverResult } from '../contract.ts'
import { Failure } from '../failure.ts'
import { answerOf, askAgain, errorIn, waitForHealth } from '../io/engine.ts'
import type { Loopback } from '../io/loopback.ts'
import type { Progress } from '../io/progress.ts'
import { verdictOn, type Expected, type Found } from '../verify/counts.ts'

/** What comparing needs of a manifest, of this schema and of later ones. */
const counted = z.object({
  indexes: z.array(z.object({ uid: z.string(), documents: z.int() })),
  countsExact: z.boolean().optional(),
  tasksEnqueued: z.int().optional(),
})

const versions = z.object({ pkgVersion: z.string() })
const stats = z.object({ indexes: z.record(z.string(), z.object({ numberOfDocuments: z.int() })) })
const hits = z.object({ hits: z.array(z.unknown()), estimatedTotalHits: z.int() })

export interface Surroundings {
  readonly signal: AbortSignal
  readonly progress: Pick<Progress, 'begin' | 'advance'>
}

/** @throws Failure where nothing can be said of the data: the server never answered, or went away, or there is no manifest */
export async function inspect(config: InspectConfig, { signal, progress }: Surroundings): Promise<MoverResult> {
  const server = { endpoint: config.endpoint, signal }
  const expected = await readExpected(config)
  progress.begin('opening', 1)
  await waitForHealth(server, config)
  // Since the start of this process.
  const openMs = Math.round(performance.now())
  const version = (await answerOf(server, '/version', versions)).pkgVersion
  const found = await readFound(server)
  const searches = searchesOf(config, found)
  progress.begin('searching', Math.max(1, searches.length))
  const wrong: string[] = []
  let firstSearchMs: number | undefined
  for (const search of searches) {
    const why = await trySearch(server, search)
    firstSearchMs ??= Math.round(performance.now()) - openMs
    if (why !== undefined) wrong.push(why)
    progress.advance(1)
  }
  return verdictOn({
    expected,
    found,
    wrong,
    searched: config.queries.length,
    seen: { version, openMs, firstSearchMs },
  })
}

/** Undefined for a bare file, of which nothing is on record. */
async function readExpected({ artifact, indexes }: InspectConfig): Promise<Expected | undefined> {
  if (artifact === undefined) return undefined
  const path = join(artifact.root, artifact.path, manifestName)
  const text = await readSmallFile(path)
  if (text === undefined)
    throw new Failure(exitCodes.sourceMissing, `Claim ${artifact.claim} has no ${artifact.path}/${manifestName}.`)
  const said = counted.safeParse(parse(text)).data
  if (said === undefined)
    throw new Failure(exitCodes.mismatch, `${artifact.path}/${manifestName} on claim ${artifact.claim} is no manifest.`)
  return {
    indexes: said.indexes,
    isExact: said.countsExact === true && said.tasksEnqueued === 0,
    isComplete: indexes === undefined || indexes === said.indexes.length,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readFound(server: Loopback): Promise<Found> {
  const { indexes } = await answerOf(server, '/stats', stats)
  return Object.entries(indexes).map(([uid, { numberOfDocuments: documents }]) => ({ uid, documents }))
}

interface Search {
  readonly index: string
  readonly q: string
  readonly minHits: number
}

/** One in each index, which finds something where there is a document; then the user's. */
function searchesOf({ queries }: InspectConfig, found: Found): readonly Search[] {
  const plain = found.map(({ uid, documents }) => ({ index: uid, q: '', minHits: Math.min(1, documents) }))
  return [...plain, ...queries]
}

/** Why it is not as it should be. */
async function trySearch(server: Loopback, { index, q, minHits }: Search): Promise<string | undefined> {
  const { status, body } = await askAgain(server, `/indexes/${encodeURIComponent(index)}/search`, {
    body: { q, limit: 1 },
  })
  const said = hits.safeParse(body).data
  const what = q === '' ? `a search in ${index}` : `the search for "${q.slice(0, 60)}" in ${index}`
  if (status !== 200 || said === undefined) return `${what} was answered with ${status}${errorIn(body)}`
  if (said.estimatedTotalHits >= minHits && (minHits === 0 || said.hits.length > 0)) return undefined
  return `${what} found ${said.estimatedTotalHits}, and ${minHits} at least are asked for`
}
