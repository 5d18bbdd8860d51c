// `npm run check`: every gate of the house, all of them even after one has failed, each with what to do about it.
import { spawn } from 'node:child_process'

const gates = [
  { name: 'types', remedy: 'make the types agree; `as` and `!` are no answer' },
  { name: 'lint', remedy: 'each finding says what to write instead; the rules stand in .oxlintrc.json and lint/' },
  { name: 'format', remedy: 'npx oxfmt writes every file as it should be' },
  { name: 'drift', remedy: 'npm run generate, look at the difference, commit it' },
  { name: 'dead', remedy: 'delete what nothing uses, or use it; entries stand in knip.json' },
] as const

async function run(name: string): Promise<{ isGood: boolean; output: string; seconds: string }> {
  const begin = performance.now()
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  return {
    isGood: code === 0,
    output: Buffer.concat(chunks).toString('utf8'),
    seconds: ((performance.now() - begin) / 1000).toFixed(1),
  }
}

for (const { name, remedy } of gates) {
  const { isGood, output, seconds } = await run(name)
  if (isGood) process.stdout.write(`✓ ${name.padEnd(6)} ${seconds}s\n`)
  else {
    process.stdout.write(`${output.trimEnd()}\n✗ ${name.padEnd(6)} ${seconds}s  → ${remedy}\n`)
    process.exitCode = 1
  }
}
