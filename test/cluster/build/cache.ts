// Where the test cluster keeps what is worth keeping: built programs, certificates and images for the next run, and the state of runs.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the cluster prints for its user, one line at a time. */
export type Log = (line: string) => void

export const silent: Log = () => {}

const base = process.env['XDG_CACHE_HOME']

export const cacheDirectory = join(
  base === undefined || base === '' ? join(homedir(), '.cache') : base,
  'meili-operator',
)

/** State of running clusters and control planes; swept of what dead runs left behind. */
export const runDirectory = join(cacheDirectory, 'run')
