// Follows one MeiliSnapshot or MeiliRestore by `kubectl get --watch`, as a user would, and times its phases.
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Kubectl } from '../support/kubernetes/kubectl.ts'
import type { Live } from './screen.ts'

export interface PhaseTime {
  readonly phase: string
  readonly seconds: number
}

const columns =
  '{.status.phase}|{.status.task.uid}|{.status.task.status}|{.status.progress.step}|{.status.progress.percentText}|{.status.waitingFor}|{.status.artifact.size}{"\\n"}'

/** Ends with the object, however that ends. @throws Error when it does not end in time */
export async function follow(
  kubectl: Kubectl,
  place: { namespace: string; kind: 'meilisnapshot' | 'meilirestore'; name: string; timeoutMs: number },
  live: Live,
): Promise<PhaseTime[]> {
  const child = kubectl.spawn([
    '-n',
    place.namespace,
    'get',
    place.kind,
    place.name,
    '--watch',
    '-o',
    `jsonpath=${columns}`,
  ])
  const timer = setTimeout(() => child.kill('SIGKILL'), place.timeoutMs)
  const phases: { phase: string; since: number }[] = []
  try {
    for await (const line of createInterface({ input: child.stdout as Readable })) {
      const phase = showLine(line, live)
      if (phase !== '' && phases.at(-1)?.phase !== phase) phases.push({ phase, since: performance.now() })
      if (['Completed', 'Failed', 'RolledBack'].includes(phase)) return durationsOf(phases)
    }
    throw new Error(`${place.kind} ${place.name} did not end within ${place.timeoutMs / 1000} s`)
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

function showLine(line: string, live: Live): string {
  const [phase = '', taskUid = '', task = '', step = '', percent = '', waitingFor = '', size = ''] = line.split('|')
  // Nobody has looked at it yet.
  if (phase === '') return phase
  const about = waitingFor === '' ? [step, percent, size].filter((part) => part !== '').join(' ') : waitingFor
  live(
    [phase.padEnd(12), taskUid === '' ? '' : `task ${taskUid} ${task}`, about]
      .filter((part) => part !== '')
      .join('  ')
      .trimEnd(),
  )
  return phase
}

/** How long each phase took; the last one has no end. */
function durationsOf(phases: readonly { phase: string; since: number }[]): PhaseTime[] {
  return phases.slice(0, -1).map(({ phase, since }, index) => ({
    phase,
    seconds: Number((((phases[index + 1]?.since ?? since) - since) / 1000).toFixed(2)),
  }))
}
