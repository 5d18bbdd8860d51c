// The test cluster's own way to the API server, as user local-pool: apply, patch, list, watch. For the parts that play a provisioner, not for tests.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Agent, request } from 'undici'
import type { Certificates } from '../control-plane/certificates.ts'

export class Api {
  readonly #agent: Agent
  readonly #server: string

  constructor(server: string, certificates: Certificates) {
    this.#server = server
    const connect = {
      ca: readFileSync(certificates.authority),
      cert: readFileSync(certificates.certificate('local-pool')),
      key: readFileSync(certificates.key('local-pool')),
    }
    this.#agent = new Agent({ connect, bodyTimeout: 0 })
  }

  async #call(
    method: 'GET' | 'PATCH',
    path: string,
    patch?: { readonly type: string; readonly body: unknown },
  ): Promise<unknown> {
    const content =
      patch === undefined ? {} : { headers: { 'content-type': patch.type }, body: JSON.stringify(patch.body) }
    const { statusCode, body } = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(30_000),
      ...content,
    })
    const text = await body.text()
    if (statusCode >= 300) throw new Error(`${method} ${path}: ${statusCode} ${text}`)
    return JSON.parse(text)
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#call('GET', path)) as T
  }

  /** Server-side apply; the path names the object. */
  async apply(path: string, object: object): Promise<void> {
    await this.#call('PATCH', `${path}?fieldManager=local-pool&force=true`, {
      type: 'application/apply-patch+yaml',
      body: object,
    })
  }

  async merge(path: string, patch: object): Promise<void> {
    await this.#call('PATCH', path, { type: 'application/merge-patch+json', body: patch })
  }

  /** Calls back for every change until the server ends the watch. */
  async watch(path: string, changed: () => void): Promise<void> {
    const { statusCode, body } = await request(`${this.#server}${path}?watch=1&allowWatchBookmarks=true`, {
      dispatcher: this.#agent,
      headersTimeout: 30_000,
    })
    if (statusCode !== 200) throw new Error(`watch ${path}: ${statusCode} ${await body.text()}`)
    for await (const line of createInterface({ input: body })) if (line !== '') changed()
  }
}
