// What the API server itself wrote down about the operator's writes: the proof that nothing went past the proxy.
import { readFileSync } from 'node:fs'
import { operatorNamespace } from '../fixture/shared-cluster.ts'

interface Entry {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly namespace?: string }
}

const account = `system:serviceaccount:${operatorNamespace}:meili-operator`
const reads = new Set(['get', 'list', 'watch'])
const apart = new Set(['leases', 'events'])

/** Writes of the operator's account in a namespace, leases and Events apart, for example `update meilisnapshots/status`. */
export function auditedWrites(log: string, namespace: string): string[] {
  const entries = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes(account) && line.includes(namespace) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Entry)
  return entries.flatMap(({ verb, user, objectRef }) => {
    const isOurs =
      user.username === account &&
      objectRef?.namespace === namespace &&
      !reads.has(verb) &&
      !apart.has(objectRef.resource)
    return isOurs
      ? [`${verb} ${objectRef.resource}${objectRef.subresource === undefined ? '' : `/${objectRef.subresource}`}`]
      : []
  })
}
