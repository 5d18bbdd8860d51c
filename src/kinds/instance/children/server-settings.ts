// Merges Meilisearch's settings: the operator's, and what the user adds. The operator's win, and what is left out is named. Pure.
import type { V1EnvVar } from '@kubernetes/client-node'
import type { ManagedServer } from '../../../api/instance.ts'
import { withoutUndefined } from '../../../api/json.ts'
import type { SecretKeyReference } from '../../../api/meta.ts'
import { databaseDirectory } from '../../../reconcile/names/objects.ts'

/** Where things are in the container. The volume is mounted above the database: a `lost+found` in its root does no harm. */
export const paths = { data: '/meili_data', snapshots: '/snapshots', scratch: '/scratch' } as const

export interface Directories {
  readonly snapshots: string
  readonly temporary: string
}

/** Each version knows one of the two and ignores the other. They stay: to take them away would be one more restart. */
const upgradeVariables: readonly V1EnvVar[] = [
  { name: 'MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE', value: 'true' },
  { name: 'MEILI_UPGRADE_DB', value: 'true' },
]
export const upgradeVariable = 'MEILI_UPGRADE_DB'

const alwaysReserved: readonly string[] = ['MEILI_CONFIG_FILE_PATH', ...upgradeVariables.map(({ name }) => name)]
/** What a user may set otherwise. */
const overridable: readonly string[] = ['MEILI_NO_ANALYTICS']

export interface ServerSettings {
  readonly env: V1EnvVar[]
  readonly args: string[]
  /** Variables and flags that are left out. */
  readonly ignored: readonly string[]
}

export function serverSettings(
  managed: ManagedServer,
  masterKey: SecretKeyReference,
  how: { directories: Directories; upgrade: boolean; ipv6: boolean },
): ServerSettings {
  const { directories, upgrade, ipv6 } = how
  const ours: V1EnvVar[] = [
    { name: 'MEILI_ENV', value: managed.environment.toLowerCase() },
    // `::` takes IPv4 as well, but not where the kernel has no IPv6. Nobody's server is restarted by this: with an IPv6 address it never answered on 0.0.0.0.
    { name: 'MEILI_HTTP_ADDR', value: ipv6 ? '[::]:7700' : '0.0.0.0:7700' },
    { name: 'MEILI_DB_PATH', value: `${paths.data}/${databaseDirectory}` },
    { name: 'MEILI_DUMP_DIR', value: `${paths.data}/dumps` },
    { name: 'MEILI_SNAPSHOT_DIR', value: directories.snapshots },
    { name: 'TMPDIR', value: directories.temporary },
    { name: 'MEILI_MASTER_KEY', valueFrom: { secretKeyRef: { ...masterKey } } },
    { name: 'MEILI_NO_ANALYTICS', value: 'true' },
    ...(upgrade ? upgradeVariables : []),
  ]
  const reserved = new Set(
    [...ours.map(({ name }) => name), ...alwaysReserved].filter((name) => !overridable.includes(name)),
  )
  const theirs = managed.env ?? []
  const kept = theirs.filter(({ name }) => !reserved.has(name))
  const flags = withoutFlags(
    managed.extraArgs ?? [],
    new Set([...reserved].filter((name) => name.startsWith('MEILI_')).map(flagOf)),
  )
  return {
    env: [
      ...ours.filter(({ name }) => !kept.some((other) => other.name === name)),
      ...kept.map((variable) => withoutUndefined<V1EnvVar>(variable)),
    ],
    args: flags.args,
    ignored: [...theirs.filter(({ name }) => reserved.has(name)).map(({ name }) => name), ...flags.ignored],
  }
}

/** MEILI_DB_PATH → --db-path. */
const flagOf = (variable: string): string => `--${variable.replace('MEILI_', '').toLowerCase().replaceAll('_', '-')}`

/** A flag goes with its value, which stands behind `=` or in the next word. */
function withoutFlags(words: readonly string[], reserved: ReadonlySet<string>): { args: string[]; ignored: string[] } {
  const args: string[] = []
  const ignored: string[] = []
  let isValue = false
  for (const word of words) {
    const [flag = ''] = word.split('=')
    if (reserved.has(flag)) {
      ignored.push(flag)
      isValue = !word.includes('=')
    } else if (isValue && !word.startsWith('--')) isValue = false
    else {
      args.push(word)
      isValue = false
    }
  }
  return { args, ignored }
}
