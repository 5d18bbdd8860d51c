// The operator as it ships (dist/operator.js), as a process of the test: started, killed, frozen by its pid.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { startDaemon } from '../../cluster/process/daemon.ts'
import type { Daemon } from '../../cluster/process/daemon.ts'
import { operatorNamespace } from './bed.ts'
import type { Bed } from './bed.ts'

const program = join(import.meta.dirname, '../../../dist/operator.js')

export interface Post {
  /** Its own name in the lease, and of its files. */
  readonly name: string
  readonly lease: string
  readonly namespace: string
  /** The door to the API server. */
  readonly apiPort: number
}

export class Operator {
  readonly name: string
  readonly #daemon: Daemon

  private constructor(name: string, daemon: Daemon) {
    this.name = name
    this.#daemon = daemon
  }

  static start({ directory, token, images }: Bed, { name, lease, namespace, apiPort }: Post): Operator {
    const kubeconfig = join(directory, `${name}.kubeconfig`)
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(`http://127.0.0.1:${apiPort}`, token)), { mode: 0o600 })
    const environment = {
      KUBECONFIG: kubeconfig,
      MOVER_IMAGE: images.operator,
      WATCH_NAMESPACES: namespace,
      INSTANCE_POLL_SECONDS: '300',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      POD_NAME: name,
      POD_NAMESPACE: operatorNamespace,
      LEASE_NAME: lease,
      PATH: process.env['PATH'],
    }
    return new Operator(
      name,
      startDaemon({
        name,
        program: process.execPath,
        args: [program],
        log: join(directory, `${name}.log`),
        environment,
      }),
    )
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#daemon.ended()
  }

  /** Resolves when it is dead. */
  async kill(): Promise<void> {
    await this.#daemon.stop('SIGKILL')
  }

  freeze(): void {
    process.kill(this.#daemon.pid, 'SIGSTOP')
  }

  thaw(): void {
    process.kill(this.#daemon.pid, 'SIGCONT')
  }

  get log(): string {
    return readFileSync(this.#daemon.log, 'utf8')
  }
}

function kubeconfigOf(server: string, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    // client-node takes plain HTTP only where TLS is waived by word.
    clusters: [{ name: 'door', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'door', context: { cluster: 'door', user: 'operator' } }],
    'current-context': 'door',
  }
}
