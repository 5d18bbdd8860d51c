// What a claim that a restore has filled says of its data: a JSON text in an annotation. Pure.
import { z } from 'zod'
import { restoredFromAnnotation } from '../restore.ts'

interface Marked {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } | undefined
}

/** What one restore made the data of a server, by its name and the file: the newest first. */
const earlier = z.array(z.object({ restore: z.string().max(253), sha256: z.string().max(64) })).max(50)

/** On a claim that a restore has filled: what with, and for whom. `earlier`: what had been restored to this server before. */
const restoredFrom = z.object({
  restore: z.string().max(253),
  restoreUid: z.string().max(64),
  sha256: z.string().max(64),
  path: z.string().max(1024),
  sourceClaim: z.string().max(253),
  meilisearchVersion: z.string().max(64),
  at: z.string().max(64),
  /** What was taken out of it before a server started on it. */
  sanitized: z
    .array(z.enum(['tasks', 'webhooks']))
    .max(2)
    .optional(),
  earlier: earlier.optional(),
})
export type RestoredFrom = z.infer<typeof restoredFrom>

export const restoredFromText = (from: RestoredFrom): string => JSON.stringify(from)

export function readRestoredFrom({ metadata }: Marked): RestoredFrom | undefined {
  try {
    return restoredFrom.safeParse(JSON.parse(metadata?.annotations?.[restoredFromAnnotation] ?? '')).data
  } catch {
    return undefined
  }
}

const maxEarlier = 50

/** For the claim that comes after one: what had been restored to this server until then, the newest first. */
export function earlierRestores(before: RestoredFrom | undefined): Pick<RestoredFrom, 'earlier'> {
  if (before === undefined) return {}
  const { restore, sha256, earlier: more = [] } = before
  return { earlier: [{ restore, sha256 }, ...more].slice(0, maxEarlier) }
}

/** What was begun at that time was begun on other data: a restore has filled the claim, and it became the data, since. @param begunAt as status has it */
export function isOfEarlierData(claim: Marked | undefined, begunAt: string): boolean {
  const { at = '' } = (claim && readRestoredFrom(claim)) ?? {}
  return Date.parse(begunAt) < Date.parse(at)
}
