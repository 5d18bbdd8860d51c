// Reads Meilisearch's settings from a container as the engine would: flags before environment before the image's defaults. Pure.
// It never guesses: what is set where it cannot be read (a Secret, a config file, a shell line) is `unknown`, and what nothing in sight sets is `unset`.
// Whether something out of sight may set the database's path all the same is a question of its own: see `mayHideDatabase`.
import { posix } from 'node:path'
import type { V1Container } from '@kubernetes/client-node'
import { mayHideDatabase, wordsOf } from './hidden-settings.ts'

/** Data of the ConfigMaps that the container's environment names, by name. */
export type ConfigMapData = ReadonlyMap<string, Readonly<Record<string, string>>>

export type Setting = { readonly value: string } | { readonly unset: true } | { readonly unknown: string }

export interface Launch {
  readonly databasePath: Setting
  readonly snapshotDirectory: Setting
  readonly s3: boolean
  /** Whether something out of sight may set the database's path where nothing in sight does. */
  readonly mayHideDatabase: boolean
  readonly workingDirectory: string
}

/** Working directory of the image; a container's own wins. */
const imageWorkingDirectory = '/meili_data'

/** Longest path that Linux takes. What references make longer is given up: each may double it. */
const maxPathLength = 4096

/** Reads a container as Meilisearch would read its own flags, environment and configuration file. */
export function launchOf(container: V1Container, configMaps: ConfigMapData): Launch {
  const environment = environmentOf(container, configMaps)
  return {
    databasePath: settingOf(container, configMaps, { flag: 'db-path', variable: 'MEILI_DB_PATH' }),
    snapshotDirectory: settingOf(container, configMaps, { flag: 'snapshot-dir', variable: 'MEILI_SNAPSHOT_DIR' }),
    s3: !(
      'unset' in
      firstSet(
        flagOf(container, 's3-bucket-name', environment),
        assignmentOf(container, 'MEILI_S3_BUCKET_NAME'),
        environment('MEILI_S3_BUCKET_NAME'),
      )
    ),
    mayHideDatabase: mayHideDatabase(container),
    workingDirectory: workingDirectoryOf(container),
  }
}

/** One of Meilisearch's settings, by its flag and its variable, whichever of the two sets it. */
export function settingOf(
  container: V1Container,
  configMaps: ConfigMapData,
  { flag, variable }: { readonly flag: string; readonly variable: string },
): Setting {
  const environment = environmentOf(container, configMaps)
  return firstSet(
    flagOf(container, flag, environment),
    assignmentOf(container, variable),
    environment(variable),
    configurationFile(container, environment),
    absentSource(container, configMaps),
  )
}

const workingDirectoryOf = ({ workingDir }: V1Container): string =>
  posix.resolve('/', workingDir ?? imageWorkingDirectory)

/** ConfigMaps that `env` and `envFrom` name: to be read before `launchOf`. */
export function configMapNames(container: V1Container): readonly string[] {
  const names = [
    ...(container.envFrom ?? []).map(({ configMapRef }) => configMapRef?.name),
    ...(container.env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
  ]
  return [...new Set(names.filter((name) => name !== undefined))]
}

type Environment = (variable: string) => Setting

function firstSet(...settings: readonly Setting[]): Setting {
  return settings.find((setting) => !('unset' in setting)) ?? { unset: true }
}

/** In the kubelet's order (`makeEnvironmentVariables`): sources first, then each entry, which sees only what stands above it. */
function environmentOf(container: V1Container, configMaps: ConfigMapData): Environment {
  const known = new Map<string, Setting>()
  const environment: Environment = (variable) => known.get(variable) ?? fromSources(container, variable, configMaps)
  for (const entry of container.env ?? []) {
    const setting = explicitValue(entry, environment, configMaps)
    if (!('unset' in setting)) known.set(entry.name, setting)
  }
  return environment
}

type EnvironmentEntry = NonNullable<V1Container['env']>[number]

function explicitValue(
  { name, value, valueFrom }: EnvironmentEntry,
  environment: Environment,
  configMaps: ConfigMapData,
): Setting {
  if (valueFrom === undefined) return expand(value ?? '', environment)
  const reference = valueFrom.configMapKeyRef
  if (reference === undefined) return { unknown: `variable ${name} does not come from a plain value or a ConfigMap` }
  const data = configMaps.get(reference.name ?? '')?.[reference.key]
  if (data !== undefined) return refuseTooLong(data)
  return reference.optional === true
    ? { unset: true }
    : { unknown: `variable ${name} comes from ConfigMap ${reference.name ?? ''}, which has no key ${reference.key}` }
}

/** Later sources win. A Secret may hold anything: it is never read for a path, so it hides what stands before it only if it has the key. */
function fromSources(container: V1Container, variable: string, configMaps: ConfigMapData): Setting {
  for (const { configMapRef, prefix = '' } of (container.envFrom ?? []).toReversed()) {
    const value = variable.startsWith(prefix)
      ? configMaps.get(configMapRef?.name ?? '')?.[variable.slice(prefix.length)]
      : undefined
    if (value !== undefined) return refuseTooLong(value)
  }
  return { unset: true }
}

/** `--flag value`, `--flag=value`; the last one wins. A shell line that names the flag cannot be read for certain. */
function flagOf(container: V1Container, flag: string, environment: Environment): Setting {
  const words = wordsOf(container)
  let found: Setting = { unset: true }
  for (const [index, word] of words.entries()) {
    if (word === `--${flag}`) found = expand(words[index + 1] ?? '', environment)
    else if (word.startsWith(`--${flag}=`)) found = expand(word.slice(flag.length + 3), environment)
    else if (word.includes(`--${flag}`)) found = { unknown: `a shell line sets --${flag}` }
  }
  return found
}

/** `VARIABLE=…` in a shell line stands above the container's environment. */
function assignmentOf(container: V1Container, variable: string): Setting {
  return wordsOf(container).some((word) => word.includes(`${variable}=`))
    ? { unknown: `a shell line sets ${variable}` }
    : { unset: true }
}

/** Kubernetes' own `$(NAME)`, with `$$` for a dollar; a reference to what is not known makes the whole unknown. */
function expand(text: string, environment: Environment): Setting {
  const given = refuseTooLong(text)
  if (!('value' in given)) return given
  let unknown: string | undefined
  const value = given.value.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (_, name: string | undefined) => {
    if (name === undefined) return '$'
    const setting = environment(name)
    if ('value' in setting) return setting.value
    unknown ??= 'unknown' in setting ? setting.unknown : `it names variable ${name}, which the container does not set`
    return ''
  })
  return unknown === undefined ? refuseTooLong(value) : { unknown }
}

function refuseTooLong(value: string): { value: string } | { unknown: string } {
  return value.length > maxPathLength ? { unknown: `it is longer than ${maxPathLength} characters` } : { value }
}

/** Flags and environment stand above the file; a file that we cannot see makes unset settings unknown. */
function configurationFile(container: V1Container, environment: Environment): Setting {
  const named = firstSet(
    flagOf(container, 'config-file-path', environment),
    assignmentOf(container, 'MEILI_CONFIG_FILE_PATH'),
    environment('MEILI_CONFIG_FILE_PATH'),
  )
  if (!('unset' in named)) return { unknown: 'the server reads a configuration file' }
  const file = posix.join(workingDirectoryOf(container), 'config.toml')
  const covered = container.volumeMounts?.some(({ mountPath }) => posix.resolve('/', mountPath) === file) ?? false
  return covered ? { unknown: `a file is mounted over ${file}` } : { unset: true }
}

/** A source that is gone may have set anything before it went. */
function absentSource({ envFrom = [] }: V1Container, configMaps: ConfigMapData): Setting {
  const absent = envFrom.find(
    ({ configMapRef }) =>
      configMapRef !== undefined && configMapRef.optional !== true && !configMaps.has(configMapRef.name ?? ''),
  )
  return absent === undefined
    ? { unset: true }
    : { unknown: `ConfigMap ${absent.configMapRef?.name ?? ''}, a source of its environment, is not there` }
}
