// The whole cluster's API server, taken away for a while: killed as a crash kills it, kept down, and started again with the same data.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startApiServer } from './api-server.ts'
import type { ApiServerOptions } from './api-server.ts'
import type { Cluster } from '../cluster.ts'
import type { Daemon } from '../process/daemon.ts'
import { until } from '../process/until.ts'

/** While this file is there, the API server is down. */
const switchOf = (stateDirectory: string): string => join(stateDirectory, 'api-server-off')

/** Inside of the cluster: follows the switch for as long as the cluster lives. One that ends by itself is started again, as a kubelet does. */
export async function keepApiServer(options: ApiServerOptions, first: Daemon): Promise<never> {
  let daemon = first
  for (;;) {
    const off = existsSync(switchOf(options.stateDirectory))
    if (off) await daemon.stop('SIGKILL')
    if (!off && daemon.outcome() !== undefined) {
      daemon = startApiServer(options)
      // Where it cannot start, its log tells why; it must not be filled.
      await pause(2000)
    }
    await pause(50)
  }
}

/** Resolves when it is ready again, with what `work` gave. `work` begins when nothing answers any more. */
export async function withoutApiServer<T>(cluster: Cluster, work: () => Promise<T>): Promise<T> {
  const ask = async (): Promise<string> =>
    await cluster.run(cluster.kubectl, [
      '--kubeconfig',
      cluster.kubeconfig,
      'get',
      '--raw',
      '/readyz',
      '--request-timeout=2s',
    ])
  writeFileSync(switchOf(cluster.stateDirectory), '')
  try {
    await until(
      { what: 'the API server to be gone', withinMs: 10_000 },
      async () =>
        await ask().then(
          () => false,
          () => true,
        ),
    )
    return await work()
  } finally {
    rmSync(switchOf(cluster.stateDirectory))
    await until(
      {
        what: 'the API server to be ready again',
        withinMs: 60_000,
        log: join(cluster.stateDirectory, 'kube-apiserver.log'),
      },
      async () => (await ask()) === 'ok',
    )
  }
}
