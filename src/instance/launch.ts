// What a container tells Meilisearch: flags before environment before the image's defaults, as the engine itself resolves them. Pure.
// What cannot be known from the pod (a Secret, a config file, a shell line) is `unknown`, never guessed.
import type { V1Container } from '@kubernetes/client-node'

/** Data of the ConfigMaps that the container's environment names, by name. */
export type ConfigMapData = ReadonlyMap<string, Readonly<Record<string, string>>>

export type Setting = { readonly value: string } | { readonly unset: true } | { readonly unknown: string }

export interface Launch {
  readonly databasePath: Setting
  readonly snapshotDirectory: Setting
  readonly s3: boolean
  readonly workingDirectory: string
}

/** Working directory of the image; a container's own wins. */
const imageWorkingDirectory = '/meili_data'

/** Reads a container as Meilisearch would read its own flags, environment and configuration file. */
export function launchOf(container: V1Container, configMaps: ConfigMapData): Launch {
  const environment = environmentOf(container, configMaps)
  const workingDirectory = container.workingDir ?? imageWorkingDirectory
  const settings = (flag: string, variable: string): Setting => {
    const found = firstSet(flagOf(container, flag, environment), environment(variable))
    return 'unset' in found ? configurationFile(container, environment, workingDirectory) : found
  }
  return {
    databasePath: settings('db-path', 'MEILI_DB_PATH'),
    snapshotDirectory: settings('snapshot-dir', 'MEILI_SNAPSHOT_DIR'),
    s3: !('unset' in firstSet(flagOf(container, 's3-bucket-name', environment), environment('MEILI_S3_BUCKET_NAME'))),
    workingDirectory,
  }
}

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

function environmentOf(container: V1Container, configMaps: ConfigMapData): Environment {
  return (variable) => {
    const entry = container.env?.findLast(({ name }) => name === variable)
    if (entry !== undefined) return explicitValue(container, entry, configMaps)
    return fromSources(container, variable, configMaps)
  }
}

type EnvironmentEntry = NonNullable<V1Container['env']>[number]

function explicitValue(container: V1Container, { name, value, valueFrom }: EnvironmentEntry, configMaps: ConfigMapData): Setting {
  const others: V1Container = { name: container.name, env: container.env?.filter((other) => other.name !== name) ?? [], envFrom: container.envFrom ?? [] }
  if (valueFrom === undefined) return expanded(value ?? '', environmentOf(others, configMaps))
  const reference = valueFrom.configMapKeyRef
  if (reference === undefined) return { unknown: `variable ${name} does not come from a plain value or a ConfigMap` }
  const data = configMaps.get(reference.name ?? '')?.[reference.key]
  if (data !== undefined) return { value: data }
  return reference.optional === true ? { unset: true } : { unknown: `variable ${name} comes from ConfigMap ${reference.name ?? ''}, which has no key ${reference.key}` }
}

/** Later sources win. A Secret may hold anything: it is never read for a path, so it hides what stands before it only if it has the key. */
function fromSources(container: V1Container, variable: string, configMaps: ConfigMapData): Setting {
  for (const { configMapRef, prefix = '' } of (container.envFrom ?? []).toReversed()) {
    const value = variable.startsWith(prefix) ? configMaps.get(configMapRef?.name ?? '')?.[variable.slice(prefix.length)] : undefined
    if (value !== undefined) return { value }
  }
  return { unset: true }
}

/** `--flag value`, `--flag=value`; the last one wins. A shell line that names the flag cannot be read for certain. */
function flagOf(container: V1Container, flag: string, environment: Environment): Setting {
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  let found: Setting = { unset: true }
  for (const [index, word] of words.entries()) {
    if (word === `--${flag}`) found = expanded(words[index + 1] ?? '', environment)
    else if (word.startsWith(`--${flag}=`)) found = expanded(word.slice(flag.length + 3), environment)
    else if (word.includes(`--${flag}`)) found = { unknown: `a shell line sets --${flag}` }
  }
  return found
}

/** Kubernetes' own `$(NAME)`; a reference to what is not known makes the whole unknown. */
function expanded(text: string, environment: Environment): Setting {
  let unknown: string | undefined
  const value = text.replaceAll(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string) => {
    const setting = environment(name)
    if ('value' in setting) return setting.value
    if ('unknown' in setting) unknown = setting.unknown
    return whole
  })
  return unknown === undefined ? { value } : { unknown }
}

/** Flags and environment stand above the file; a file that we cannot see makes unset settings unknown. */
function configurationFile(container: V1Container, environment: Environment, workingDirectory: string): Setting {
  const named = firstSet(flagOf(container, 'config-file-path', environment), environment('MEILI_CONFIG_FILE_PATH'))
  if (!('unset' in named)) return { unknown: 'the server reads a configuration file' }
  const covered = container.volumeMounts?.some(({ mountPath }) => mountPath === `${workingDirectory}/config.toml`) ?? false
  return covered ? { unknown: `a file is mounted over ${workingDirectory}/config.toml` } : { unset: true }
}
