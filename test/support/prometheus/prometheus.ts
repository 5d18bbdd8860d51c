// A real Prometheus, of the Debian package, that scrapes its targets each second and evaluates the alerts.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../cluster/process/free-ports.ts'
import { which } from '../../cluster/build/prerequisites.ts'
import { eventually } from '../kubernetes/eventually.ts'

const path = which('prometheus')

/** For `describe.skipIf`, and for its title. */
export const noPrometheus = path === undefined
export const whyNoPrometheus = noPrometheus
  ? ' (left out: there is no prometheus here; it comes with the Debian package)'
  : ''

export interface Rule {
  readonly name: string
  readonly state: 'inactive' | 'pending' | 'firing'
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
  readonly alerts: readonly {
    readonly state: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

export interface Scraped {
  /** Host and port. */
  readonly address: string
  /** What a ServiceMonitor would add. */
  readonly labels: Readonly<Record<string, string>>
}

export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #directory: string

  private constructor(child: ChildProcess, url: string, directory: string) {
    this.#child = child
    this.#url = url
    this.#directory = directory
  }

  static async start(parts: { readonly rules: string; readonly scraped: readonly Scraped[] }): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'meili-operator-prometheus-'))
    const [port] = await freePorts()
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [parts.rules],
      scrape_configs: [
        {
          job_name: 'meili-operator',
          honor_labels: true,
          static_configs: parts.scraped.map(({ address, labels }) => ({ targets: [address], labels })),
        },
      ],
    }
    // JSON is YAML.
    writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config))
    const address = `127.0.0.1:${port}`
    const child = spawn(
      path ?? 'prometheus',
      [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    const prometheus = new Prometheus(child, `http://${address}`, directory)
    await eventually(
      'Prometheus to be ready',
      async () => (await fetch(`http://${address}/-/ready`).catch(() => undefined))?.ok === true || undefined,
      { timeoutMs: 60_000 },
    )
    return prometheus
  }

  /** Values of an expression now. @throws where Prometheus does not understand it */
  async query(
    expression: string,
  ): Promise<
    readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[]
  > {
    return (
      await this.#ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(expression)}`,
      )
    ).result
  }

  async rules(): Promise<readonly Rule[]> {
    return (await this.#ask<{ groups: { rules: Rule[] }[] }>('rules')).groups.flatMap(({ rules }) => rules)
  }

  async #ask<T>(what: string): Promise<T> {
    const reply = (await (await fetch(`${this.#url}/api/v1/${what}`)).json()) as {
      status: string
      error?: string
      data: T
    }
    if (reply.status !== 'success')
      throw new Error(`Prometheus: ${reply.error ?? reply.status} (${decodeURIComponent(what)})`)
    return reply.data
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await ended
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
