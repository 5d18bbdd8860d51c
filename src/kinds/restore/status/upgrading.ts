// Says whether an upgrade is at work on a server, so that a restore waits for it. Pure.
import type { MeiliInstance } from '../../../api/instance.ts'

/** One that stands still, or has changed nothing yet, is in nobody's way: a restore may be the way out of it. */
const atWork: ReadonlySet<string | undefined> = new Set(['Start', 'Database', 'Documents'])

export function upgradeText(instance: MeiliInstance | undefined): string | undefined {
  const { step, failure, from = '', to = '' } = instance?.status?.upgrade ?? {}
  return atWork.has(step) && failure === undefined
    ? `MeiliInstance ${instance?.metadata.name ?? ''} is being upgraded from ${from} to ${to}.`
    : undefined
}
