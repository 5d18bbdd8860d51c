// What the mover asked of the kernel, in order: strace's record of a real run, read into calls that change or flush files.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FillConfig, MoveConfig } from '../../../../src/mover/contract.ts'
import type { Ended, Workplace } from '../mover.ts'

const changing = [
  'openat',
  'mkdir',
  'rename',
  'link',
  'unlink',
  'rmdir',
  'write',
  'pwrite64',
  'ftruncate',
  'fchmod',
  'ioctl',
  'fsync',
  'fdatasync',
] as const
export type CallName = (typeof changing)[number]

export interface Call {
  readonly name: CallName
  /** Places in the record: what began before another had ended may have come after it. */
  readonly begin: number
  readonly end: number
  /** The how-manieth of its name in its thread, as strace's own faults count them. */
  readonly nth: number
  /** Paths, of file descriptors too; and the numbers among the arguments. */
  readonly paths: readonly string[]
  readonly numbers: readonly number[]
  readonly flags: string
}

/** Runs the mover under strace. With one thread in the pool another run makes the same calls again, in the same order. */
export async function recordCalls(
  work: Workplace,
  { config = {}, threads = 4 }: { config?: Partial<MoveConfig> | FillConfig; threads?: number } = {},
): Promise<{ ended: Ended; calls: Call[] }> {
  const log = join(work.home, 'calls')
  const prefix = ['strace', '-f', '-y', '-s', '0', '-o', log, '-e', `trace=${changing.join(',')}`, '-e', 'signal=none']
  const how = { prefix, environment: { UV_THREADPOOL_SIZE: String(threads) } }
  const ended = config.command === 'fill' ? await work.perform(config, how) : await work.run({ ...how, config })
  return {
    ended,
    calls: callsIn(await readFile(log, 'utf8')).filter(({ paths }) =>
      paths.some((path) => path.startsWith(work.destination)),
    ),
  }
}

/** Those that succeeded. */
export function callsIn(text: string): Call[] {
  const open = new Map<string, { begin: number; text: string }>()
  const counts = new Map<string, number>()
  const calls: Call[] = []
  for (const [line, content] of text.split('\n').entries()) {
    const [, thread = '', said = ''] = /^(\d+) +(.*)$/.exec(content) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(said)?.[1]
    const begun = open.get(thread)
    const whole = resumed === undefined ? said : `${begun?.text ?? ''}${resumed}`
    const begin = resumed === undefined ? line : (begun?.begin ?? line)
    if (resumed === undefined) count(counts, thread, said)
    if (whole.endsWith('<unfinished ...>'))
      open.set(thread, { begin, text: whole.slice(0, -'<unfinished ...>'.length).trimEnd() })
    else calls.push(...parseCalls(whole, { begin, end: line, nth: counts.get(`${thread} ${nameIn(whole)}`) ?? 0 }))
  }
  return calls.toSorted((one, other) => one.begin - other.begin)
}

const nameIn = (text: string): string => /^(\w+)\(/.exec(text)?.[1] ?? ''

function count(counts: Map<string, number>, thread: string, said: string): void {
  const key = `${thread} ${nameIn(said)}`
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function parseCalls(text: string, at: Pick<Call, 'begin' | 'end' | 'nth'>): Call[] {
  const [, name = '', given = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/.exec(text) ?? []
  if (!changing.some((known) => known === name) || result.startsWith('-1')) return []
  const place = name === 'openat' ? `${given}, ${result}` : given
  const paths = [...place.matchAll(/(?:^|, )(?:\d+<([^>]*)>|"([^"]*)")/g)].map(
    ([, ofDescriptor, path]) => ofDescriptor ?? path ?? '',
  )
  const numbers = [...given.matchAll(/, (\d+)(?=,|$)/g)].map(([, digits]) =>
    digits?.startsWith('0') && digits !== '0' ? Number.parseInt(digits, 8) : Number(digits),
  )
  const flags = /O_\w+(?:\|O_\w+)*|FICLONE/.exec(given)?.[0] ?? ''
  return [{ ...at, name: name as CallName, paths: paths.filter((path) => path.startsWith('/')), numbers, flags }]
}
