// The operator as it is composed, with the rights of its service account and a clock that the test moves, on a real API server.
import { connect } from '../../../../src/kube/connection.ts'
import { compose } from '../../../../src/operator/compose.ts'
import { configFrom } from '../../../../src/operator/config.ts'
import type { KubeApi } from '../../../support/kubernetes/kube-api.ts'
import { recordingLogger } from '../../../support/runtime/log.ts'
import type { Line } from '../../../support/runtime/log.ts'

interface Settings {
  readonly lease: string
  readonly nowMs: () => number
}

export class ComposedOperator implements AsyncDisposable {
  readonly lines: readonly Line[]
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  readonly #close: () => Promise<void>

  private constructor(kubeconfig: string, { lease, nowMs }: Settings) {
    const { logger, lines } = recordingLogger()
    const connection = connect(kubeconfig)
    const config = configFrom({
      MOVER_IMAGE: 'example.test/meili-operator:1',
      POD_NAME: 'operator',
      LEASE_NAME: lease,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
    })
    this.lines = lines
    this.#close = async () => await connection.close()
    this.#ended = compose(config, { connection, logger, nowMs }).run(this.#stop.signal)
  }

  static async start(api: KubeApi, settings: Settings): Promise<ComposedOperator> {
    const token = await api.token({ namespace: 'meili-operator-system', name: 'meili-operator' })
    return new ComposedOperator(api.kubeconfig({ user: { token } }), settings)
  }

  /** As by SIGTERM. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#close()
  }
}
