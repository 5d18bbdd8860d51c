// Which commit is released. What is not committed can be released by nobody else, so a changed tree is refused unless it is asked for.
import { command } from '../test/cluster/process/command.ts'

export interface Source {
  readonly revision: string
  /** Of the commit, in seconds of Unix time. */
  readonly time: number
}

/** Throws where the tree has changes that are in no commit, and `allowed` is not set. */
export async function sourceOf(root: string, allowed: boolean): Promise<Source> {
  const git = async (...args: string[]): Promise<string> => (await command('git', ['-C', root, ...args])).trimEnd()
  const changes = (await git('status', '--porcelain')).split('\n').filter((line) => line !== '')
  if (changes.length > 0 && !allowed) {
    const shown = changes.slice(0, 10).map((line) => `  ${line}`)
    const rest = changes.length > shown.length ? [`  and ${changes.length - shown.length} more`] : []
    throw new Error(
      [
        'The tree has changes that are in no commit:',
        ...shown,
        ...rest,
        'Commit them, or say --dirty: the revision will then end in "-dirty".',
      ].join('\n'),
    )
  }
  const [revision = '', time = ''] = (await git('log', '-1', '--format=%H %ct')).split(' ')
  return { revision: changes.length > 0 ? `${revision}-dirty` : revision, time: Number(time) }
}
