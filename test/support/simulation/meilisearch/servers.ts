// The Meilisearch servers of a modelled cluster, by their pods' addresses.
import type { Answer, Host, Request } from '../network/undici.ts'
import type { Meilisearch } from './server.ts'
import { Traffic } from '../network/traffic.ts'

export class Servers implements Host {
  readonly latencyMs = { least: 1, most: 6 }
  readonly traffic = new Traffic()
  readonly #byAddress = new Map<string, Meilisearch>()

  readonly serves = (hostname: string): boolean => this.#byAddress.has(hostname)

  readonly answer = (request: Request): Answer =>
    this.#byAddress.get(request.url.hostname)?.answer(request) ?? 'NoConnection'

  add(address: string, server: Meilisearch): void {
    this.#byAddress.set(address, server)
  }

  get all(): readonly Meilisearch[] {
    return [...this.#byAddress.values()]
  }
}
