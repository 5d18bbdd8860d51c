// Finds the Secret with the master key of a container that runs Meilisearch. Pure: names of Secrets and of their keys, never a value.
import type { V1Container } from '@kubernetes/client-node'
import type { SecretKeyReference } from '../../api/meta.ts'
import { settingOf } from '../../kinds/instance/locate/launch.ts'
import type { ConfigMapData } from '../../kinds/instance/locate/launch.ts'
import { commandToMakeKey } from '../terminal/shell.ts'

/** Keys of the Secrets that `envFrom` names; undefined for one that may not be read, absent for one that is not there. */
export type SecretKeys = ReadonlyMap<string, readonly string[] | undefined>

export interface Key {
  readonly reference: SecretKeyReference | undefined
  readonly notes: readonly string[]
}

const variable = 'MEILI_MASTER_KEY'

/** Secrets that are a source of the whole environment: one of them may hold the key. */
export function environmentSecrets({ envFrom = [] }: V1Container): readonly string[] {
  return envFrom.map(({ secretRef }) => secretRef?.name).filter((name) => name !== undefined)
}

export function keyOf(
  container: V1Container,
  configMaps: ConfigMapData,
  { keys, name, namespace }: { keys: SecretKeys; name: string; namespace: string },
): Key {
  const reference = referenceOf(container, flagVariable(container)) ?? sourceOf(container, keys)
  if (reference !== undefined) return { reference, notes: [] }
  const setting = settingOf(container, configMaps, { flag: 'master-key', variable })
  if ('unset' in setting) return unset(container, keys)
  const why = 'unknown' in setting ? setting.unknown : 'the pod or a ConfigMap spells it out'
  const secret = { name: `${name}-master-key`, key: variable }
  return {
    reference: secret,
    notes: [
      `The key is in no Secret that can be identified (${why}). Put it into one: paste this, then the key, and press Enter: ${commandToMakeKey({ namespace, ...secret })}`,
    ],
  }
}

/** `--master-key $(NAME)` takes another variable. */
function flagVariable({ command = [], args = [] }: V1Container): string {
  const words = [...command, ...args]
  const values = words.flatMap((word, index) =>
    word === '--master-key'
      ? [words[index + 1] ?? '']
      : word.startsWith('--master-key=')
        ? [word.slice('--master-key='.length)]
        : [],
  )
  return /^\$\((\w+)\)$/.exec(values.at(-1) ?? '')?.[1] ?? variable
}

function referenceOf({ env = [] }: V1Container, named: string): SecretKeyReference | undefined {
  const reference = env.findLast(({ name }) => name === named)?.valueFrom?.secretKeyRef
  return reference?.name === undefined ? undefined : { name: reference.name, key: reference.key }
}

/** The last source wins, as in the kubelet. */
function sourceOf({ envFrom = [] }: V1Container, keys: SecretKeys): SecretKeyReference | undefined {
  const source = envFrom.findLast(
    ({ secretRef, prefix = '' }) =>
      variable.startsWith(prefix) && (keys.get(secretRef?.name ?? '') ?? []).includes(variable.slice(prefix.length)),
  )
  return source?.secretRef?.name === undefined
    ? undefined
    : { name: source.secretRef.name, key: variable.slice((source.prefix ?? '').length) }
}

/** Where one Secret is a source and may not be read, it is the likeliest one. */
function unset(container: V1Container, keys: SecretKeys): Key {
  const hidden = environmentSecrets(container).filter((name) => keys.has(name) && keys.get(name) === undefined)
  if (hidden[0] === undefined)
    return { reference: undefined, notes: ['The server seems to run without a key: none is set.'] }
  return {
    reference: { name: hidden[0], key: variable },
    notes: [`Whether the key is in Secret ${hidden[0]} is taken for granted: you may not read it.`],
  }
}
