// Archives whose bytes depend on their content alone: names in order, one owner, one time, no name or time in gzip's header.
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { command } from '../test/cluster/process/command.ts'

export interface TarRequest {
  readonly file: string
  readonly directory: string
  readonly names: readonly string[]
  /** Unix time in seconds, of every entry. */
  readonly time: number
}

export async function tar({ file, directory, names, time }: TarRequest): Promise<void> {
  const always = [
    '--sort=name',
    '--format=ustar',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
    `--mtime=@${time}`,
  ]
  await command('tar', [...always, '--create', '--file', file, '--directory', directory, ...names])
}

export async function gzip(from: string, to: string): Promise<void> {
  await pipeline(createReadStream(from), createGzip({ level: 6 }), createWriteStream(to))
}
