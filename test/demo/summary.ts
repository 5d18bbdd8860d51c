// What was proved, on one screen.
import type { Proof } from './inside.ts'
import type { StepRecord } from './screen.ts'

export function summaryLines(proof: Proof, steps: readonly StepRecord[]): string[] {
  const { artifact, phases, restored, downtime } = proof
  const server =
    downtime === undefined ? 'second server started from the file' : `restored in place, ${downtime} without a server`
  const whole = steps.reduce((sum, { seconds }) => sum + seconds, 0)
  const events = proof.describe.slice(proof.describe.indexOf('Events:'))
  return [
    '',
    events.trimEnd(),
    '',
    ` phases    ${phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(1)}s`).join(', ')}`,
    ` stored    ${artifact.size}, Meilisearch ${artifact.meilisearchVersion}, on claim ${artifact.claimName} at ${artifact.path}/`,
    ...proof.listing.split('\n').map((line) => `           ${line}`),
    ` sha256    ${artifact.sha256}`,
    '',
    ` proved: sha256sum -c: ${proof.checksum} · ${server}: ${Object.keys(restored.counts).length} index, ${Object.values(
      restored.counts,
    )
      .reduce((sum, count) => sum + count, 0)
      .toLocaleString(
        'en',
      )} documents, query "${proof.query}": ${restored.hits} hits, as in the original · ${whole.toFixed(0)} s in all`,
  ]
}
