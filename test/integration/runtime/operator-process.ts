// The operator as a process of its own, started as its Deployment starts it: the environment in install.yaml, and a kubeconfig.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { freePorts } from '../../cluster/process/free-ports.ts'

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
}

interface Deployment {
  readonly kind: string
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly env: readonly Variable[] }] } }
  }
}

/** What a pod of the Deployment would find in its environment. */
export function deployedEnvironment(pod: {
  readonly name: string
  readonly namespace: string
}): Record<string, string> {
  const text = readFileSync(join(import.meta.dirname, '../../../install.yaml'), 'utf8')
  const deployment = parseAllDocuments(text)
    .map((document) => document.toJS() as Deployment)
    .find(({ kind }) => kind === 'Deployment')!
  const fields: Readonly<Record<string, string>> = { 'metadata.name': pod.name, 'metadata.namespace': pod.namespace }
  const { env } = deployment.spec.template.spec.containers[0]
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom!.fieldRef.fieldPath]!]),
  )
}

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly reason?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class OperatorProcess implements AsyncDisposable {
  readonly exited: Promise<Exit>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #port: string

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#port = environment['HTTP_PORT'] ?? ''
    const program = join(import.meta.dirname, '../../../src/operator/main.ts')
    this.#child = spawn(process.execPath, [program], {
      env: { PATH: process.env['PATH'], ...environment },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
  }

  /** On a free port of 127.0.0.1, unless the environment says otherwise. */
  static async start(environment: Readonly<Record<string, string>>): Promise<OperatorProcess> {
    const [port] = await freePorts()
    return new OperatorProcess({ HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), ...environment })
  }

  /** Each line of stdout. @throws where one is no JSON */
  get log(): LogLine[] {
    return this.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** Status 0 where nobody answers. */
  async ask(path: string): Promise<{ status: number; text: string }> {
    try {
      const reply = await fetch(`http://127.0.0.1:${this.#port}${path}`)
      return { status: reply.status, text: await reply.text() }
    } catch {
      return { status: 0, text: '' }
    }
  }

  /** Value of a metric without labels. */
  async metric(name: string): Promise<number | undefined> {
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec((await this.ask('/metrics')).text)?.[1]
    return found === undefined ? undefined : Number(found)
  }

  async end(signal: NodeJS.Signals): Promise<Exit & { readonly afterMs: number }> {
    const askedAt = performance.now()
    this.#child.kill(signal)
    return { ...(await this.exited), afterMs: performance.now() - askedAt }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL')
  }
}
