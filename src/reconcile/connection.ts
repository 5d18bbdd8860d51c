// From a ServerReference to a client: the only place that reads Secrets. What it reads stays in memory and in no message.
import type { V1Secret } from '@kubernetes/client-node'
import type { SecretKeyReference } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import { secrets } from '../kube/resource.ts'
import { MeilisearchClient } from '../meilisearch/client.ts'
import type { ServerReference } from './decision.ts'
import { NotFound, TerminalError } from './errors.ts'

export type Connection = { readonly state: 'Open'; readonly client: MeilisearchClient } | { readonly state: 'SecretMissing'; readonly message: string }

type SecretText = { readonly text?: string } | { readonly missing: string }

export class Connections {
  readonly #kube: KubeClient

  constructor(kube: KubeClient) {
    this.#kube = kube
  }

  /**
   * Reads the Secrets anew at each call: a key that arrives late or changes counts from the next pass on.
   * @throws TransientError where the API server does not answer
   */
  async open(reference: ServerReference): Promise<Connection> {
    const key = await this.#read(reference.namespace, reference.apiKey)
    if ('missing' in key) return { state: 'SecretMissing', message: key.missing }
    const ca = await this.#read(reference.namespace, reference.ca)
    if ('missing' in ca) return { state: 'SecretMissing', message: ca.missing }
    return {
      state: 'Open',
      client: new MeilisearchClient({
        endpoint: reference.endpoint,
        ...(key.text === undefined ? {} : { key: key.text }),
        ...(ca.text === undefined ? {} : { ca: ca.text }),
        ...(reference.serverName === undefined ? {} : { serverName: reference.serverName }),
      }),
    }
  }

  async #read(namespace: string, reference: SecretKeyReference | undefined): Promise<SecretText> {
    if (reference === undefined) return {}
    try {
      const secret = await this.#kube.get<V1Secret & { metadata: { name: string } }>(secrets, { namespace, name: reference.name })
      const encoded = secret.data?.[reference.key]
      if (encoded === undefined) return { missing: `Secret ${reference.name} has no key ${reference.key}. It goes on by itself when the key is there.` }
      return { text: Buffer.from(encoded, 'base64').toString('utf8').trim() }
    } catch (error) {
      if (error instanceof NotFound) return { missing: `Secret ${reference.name} does not exist in namespace ${namespace}. It goes on by itself when it is there.` }
      if (error instanceof TerminalError) return { missing: `Secret ${reference.name} cannot be read: ${error.message}. Does the operator have the right to get it in namespace ${namespace}?` }
      throw error
    }
  }
}
