// Builds the path of an object or a collection below the API server's root, and the name of a call to it in errors.
import { NotFound } from '../errors.ts'
import type { Ref, Resource } from './resource.ts'

export interface Path {
  readonly path: string
  /** For example `GET Pod shop/search-0`. */
  readonly what: string
}

export function collectionPath(resource: Resource, namespace: string | undefined, method: string): Path {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return { path: `${root}${within}/${resource.plural}`, what: `${method} ${resource.kind} ${namespace ?? ''}`.trim() }
}

/** @throws NotFound for what cannot be a name */
export function objectPath(resource: Resource, { namespace, name }: Ref, method: string): Path {
  const { path, what } = collectionPath(resource, namespace, method)
  const named = namespace === undefined ? `${what} ${name}` : `${what}/${name}`
  // In a URL these are steps, encoded or not: the request would reach another object. No object has such a name.
  if (name === '.' || name === '..') throw new NotFound(`${named} was not sent: no object has this name`)
  return { path: `${path}/${encodeURIComponent(name)}`, what: named }
}
