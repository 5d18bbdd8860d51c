// Which files and directories the mover holds open below a directory at the moment it renames it, from strace's record of a real run.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MoverConfig } from '../../../../src/mover/contract.ts'
import type { Ended, Workplace } from '../mover.ts'

export interface DirectoryRename {
  readonly from: string
  readonly to: string
  /** Paths of descriptors in `from`, and of `from` itself. */
  readonly open: readonly string[]
}

/** @param meanwhile what the run needs from outside, e.g. a sender */
export async function directoryRenames(
  work: Workplace,
  config: MoverConfig,
  meanwhile?: () => Promise<unknown>,
): Promise<{ ended: Ended; renames: DirectoryRename[] }> {
  const log = join(work.home, 'descriptors')
  const prefix = ['strace', '-f', '-y', '-s', '4096', '-o', log, '-e', 'trace=openat,close,rename', '-e', 'signal=none']
  const [ended] = await Promise.all([work.perform(config, { prefix }), meanwhile?.()])
  return {
    ended,
    renames: renamesIn(await readFile(log, 'utf8')).filter(({ from }) => from.startsWith(`${work.destination}/`)),
  }
}

/** A call that two lines tell counts where it ends, a rename where it begins: nothing may be about to be closed by then. */
function renamesIn(text: string): DirectoryRename[] {
  const open = new Map<string, string>()
  const begun = new Map<string, string>()
  const renames: DirectoryRename[] = []
  for (const line of text.split('\n')) {
    const [, thread = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said)?.[1]
    const whole = rest === undefined ? said.replace(/ *<unfinished \.\.\.>$/, '') : `${begun.get(thread) ?? ''}${rest}`
    begun.set(thread, whole)
    const renamed = rest === undefined ? /^rename\("([^"]*)", "([^"]*)"/.exec(whole) : null
    if (renamed !== null) renames.push(renameOf(open, renamed))
    const opened = /^openat\(.* = (\d+)<([^>]*)>/.exec(whole)
    if (opened !== null) open.set(opened[1] ?? '', opened[2] ?? '')
    const closed = /^close\((\d+)<.*\) += 0/.exec(whole)
    if (closed !== null) open.delete(closed[1] ?? '')
  }
  return renames
}

function renameOf(open: ReadonlyMap<string, string>, [, from = '', to = '']: RegExpExecArray): DirectoryRename {
  const real = (path: string): string =>
    path.replace(/^\/proc\/self\/fd\/(\d+)/, (_, descriptor: string) => open.get(descriptor) ?? '?')
  const directory = real(from)
  return {
    from: directory,
    to: real(to),
    open: [...open.values()].filter((path) => path === directory || path.startsWith(`${directory}/`)),
  }
}
