// Makes a client from a ServerReference: the only place that reads Secrets. What it reads stays in memory and appears in no message.
import { createHash } from 'node:crypto'
import type { V1Secret } from '@kubernetes/client-node'
import type { SecretKeyReference } from '../api/meta.ts'
import type { KubeClient } from '../kube/client.ts'
import { secrets } from '../kube/resource.ts'
import type { KubeObject } from '../kube/resource.ts'
import { MeilisearchClient } from '../meilisearch/client.ts'
import { derivedKey, flawOf } from '../meilisearch/keys.ts'
import { SilentServers } from '../meilisearch/silent-servers.ts'
import type { ServerReference } from '../reconcile/decision.ts'
import { TerminalError } from '../errors.ts'
import { keyUids } from '../reconcile/names/objects.ts'

export type Connection =
  | { readonly state: 'Open'; readonly client: MeilisearchClient }
  | { readonly state: 'SecretMissing' | 'KeyUnusable'; readonly message: string }

/** What may be said of a Secret: whose it is, and of its key what gives it away to nobody. */
export interface SecretSeen {
  readonly metadata: KubeObject['metadata']
  /** Undefined where the key is not in it. */
  readonly key: KeySeen | undefined
}

export interface KeySeen {
  /** Tells two master keys apart. As public as an API key of that server is. */
  readonly fingerprint: string
  readonly bytes: number
  /** What is in it that reaches the server and that no client can send. */
  readonly flaw: string | undefined
}

/** What applications need, as it stands in their Secret. */
export interface ConnectionData {
  readonly url: string
  readonly searchKey: string
}

type SecretText = { readonly text?: string } | { readonly missing: string }
type SecretName = { readonly namespace: string; readonly name: string }

/**
 * A refusal of a Secret, with what to do: where the chart has a list of names, the usual cause is that one is missing in it.
 * @throws TerminalError in place of the API server's own
 */
export async function explainRefusal<T>(
  { namespace, name }: SecretName,
  may: 'read' | 'changed',
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof TerminalError) || error.status !== 403) throw error
    const remedy = `Does the operator have the right to it in namespace ${namespace}? Where the chart's value rbac.secretNames is a list, ${name} has to be in it.`
    throw new TerminalError(`Secret ${name} cannot be ${may}: ${error.message}. ${remedy}`, {
      status: error.status,
      cause: error,
    })
  }
}

export class Connections {
  readonly #kube: KubeClient
  /** One memory for all that is asked: of which kind of object does not matter. */
  readonly #silent = new SilentServers()

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
    const flaw = reference.keyUid === undefined ? flawOf(key.text ?? '') : undefined
    if (flaw !== undefined)
      return {
        state: 'KeyUnusable',
        message: `The key in Secret ${reference.apiKey?.name}/${reference.apiKey?.key} cannot be sent: it holds ${flaw}. Replace it with a key without that; it goes on by itself.`,
      }
    const ca = await this.#read(reference.namespace, reference.ca)
    if ('missing' in ca) return { state: 'SecretMissing', message: ca.missing }
    const text =
      key.text === undefined || reference.keyUid === undefined ? key.text : derivedKey(key.text, reference.keyUid)
    return {
      state: 'Open',
      client: new MeilisearchClient(
        {
          endpoint: reference.endpoint,
          ...(text === undefined ? {} : { key: text }),
          ...(ca.text === undefined ? {} : { ca: ca.text }),
          ...(reference.serverName === undefined ? {} : { serverName: reference.serverName }),
        },
        this.#silent,
      ),
    }
  }

  /** Undefined where the Secret does not exist. @throws TerminalError where it may not be read, with what to do */
  async look(name: SecretName, key: string): Promise<SecretSeen | undefined> {
    const secret = await this.#find(name)
    if (secret === undefined) return undefined
    const encoded = secret.data?.[key]
    return {
      metadata: secret.metadata,
      key: encoded === undefined ? undefined : observeKey(Buffer.from(encoded, 'base64').toString('utf8')),
    }
  }

  /** What a Secret for applications should hold; undefined where the master key is not there. */
  async connectionData(
    namespace: string,
    masterKey: SecretKeyReference,
    url: string,
  ): Promise<ConnectionData | undefined> {
    const key = await this.#read(namespace, masterKey)
    return 'missing' in key || key.text === undefined
      ? undefined
      : { url, searchKey: derivedKey(key.text, keyUids.application) }
  }

  /** Whether a Secret holds exactly these texts under these keys, whatever else is in it. */
  async holds(name: SecretName, wanted: ConnectionData): Promise<boolean> {
    const secret = await this.#find(name)
    return Object.entries(wanted).every(([key, text]) => secret?.data?.[key] === Buffer.from(text).toString('base64'))
  }

  async #find(name: SecretName): Promise<(V1Secret & KubeObject) | undefined> {
    return await explainRefusal(name, 'read', async () => await this.#kube.find<V1Secret & KubeObject>(secrets, name))
  }

  async #read(namespace: string, reference: SecretKeyReference | undefined): Promise<SecretText> {
    if (reference === undefined) return {}
    try {
      const secret = await this.#find({ namespace, name: reference.name })
      if (secret === undefined)
        return {
          missing: `Secret ${reference.name} does not exist in namespace ${namespace}. It goes on by itself when it is there.`,
        }
      const encoded = secret.data?.[reference.key]
      if (encoded === undefined)
        return {
          missing: `Secret ${reference.name} has no key ${reference.key}. It goes on by itself when the key is there.`,
        }
      return { text: Buffer.from(encoded, 'base64').toString('utf8').trim() }
    } catch (error) {
      if (error instanceof TerminalError) return { missing: error.message }
      throw error
    }
  }
}

function observeKey(text: string): KeySeen {
  const fingerprint = createHash('sha256').update(derivedKey(text, keyUids.application)).digest('hex').slice(0, 16)
  return {
    fingerprint,
    bytes: Buffer.byteLength(text),
    flaw: text === text.trim() ? flawOf(text) : 'white space at its beginning or end',
  }
}
