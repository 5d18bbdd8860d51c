// kubectl against the cluster of the tests: what a user would type, with its output.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

export interface KubectlOptions {
  /** Given on standard input, e.g. for `apply -f -`. */
  readonly input?: string
  readonly timeoutMs?: number
}

export class KubectlError extends Error {
  readonly stderr: string
  constructor(args: readonly string[], stderr: string) {
    super(`kubectl ${args.join(' ')} failed: ${stderr.trim()}`)
    this.name = 'KubectlError'
    this.stderr = stderr
  }
}

/** Which kubectl, and which cluster. */
export interface Access {
  readonly kubectl: string
  readonly kubeconfig: string
}

export class Kubectl {
  readonly #access: Access

  constructor(access: Access) {
    this.#access = access
  }

  spawn(args: readonly string[]): ChildProcess {
    return spawn(this.#access.kubectl, ['--kubeconfig', this.#access.kubeconfig, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }

  /** @throws KubectlError with what it printed */
  async run(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const child = this.spawn(args)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000)
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input ?? '')
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    clearTimeout(timer)
    if (code !== 0)
      throw new KubectlError(
        args,
        Buffer.concat(err).toString() ||
          Buffer.concat(out).toString() ||
          `ended with ${code ?? 'a signal, out of time'}`,
      )
    return Buffer.concat(out).toString()
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T
  }

  /** Server-side, as README tells users to. */
  async apply(...objects: readonly object[]): Promise<string> {
    return await this.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
    })
  }

  /** Undefined where it does not exist. */
  async find<T>(namespace: string, kind: string, name: string): Promise<T | undefined> {
    const text = await this.run(['-n', namespace, 'get', kind, name, '--ignore-not-found', '-o', 'json'])
    return text.trim() === '' ? undefined : (JSON.parse(text) as T)
  }
}
