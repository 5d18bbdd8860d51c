// Prometheus' own judge of rules and metrics: promtool, of the Debian package prometheus.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { which } from '../../cluster/build/prerequisites.ts'

const path = which('promtool')

/** For `describe.skipIf`, and for its title. */
export const noPromtool = path === undefined
export const whyNoPromtool = noPromtool
  ? ' (left out: there is no promtool here; it comes with the Debian package prometheus)'
  : ''

/** All that it says; `isGood` is its own verdict. */
export async function promtool(args: readonly string[], input = ''): Promise<{ isGood: boolean; output: string }> {
  const child = spawn(path ?? 'promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { isGood: code === 0, output }
}
