// The labels of a sample: the instance that a snapshot names, in its own namespace. Pure.
import type { KnownSnapshot } from '../../api/status/settled-snapshot.ts'

/** No name holds a slash. */
export const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

export const instanceKeyOf = ({ metadata, spec }: KnownSnapshot): string =>
  keyOf(metadata.namespace, spec.source.instanceRef.name)

/** The labels of an instance's series. */
export function labelsOf(key: string): { namespace: string; instance: string } {
  const [namespace = '', instance = ''] = key.split('/')
  return { namespace, instance }
}
