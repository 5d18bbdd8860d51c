// What a claim that a restore has filled says of its data: a JSON text in an annotation. Pure.
import { z } from 'zod'
import { restoredFromAnnotation } from '../restore.ts'

interface Marked {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } | undefined
}

/** On a claim that a restore has filled: what with, and for whom. */
const restoredFrom = z.object({
  restore: z.string().max(253),
  restoreUid: z.string().max(64),
  sha256: z.string().max(64),
  path: z.string().max(1024),
  sourceClaim: z.string().max(253),
  meilisearchVersion: z.string().max(64),
  at: z.string().max(64),
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
