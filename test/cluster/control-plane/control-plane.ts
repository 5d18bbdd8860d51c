// etcd and kube-apiserver on free ports of 127.0.0.1, for integration tests: no root, no namespaces, several side by side.
// There is no controller manager: nothing garbage-collects, makes pods of Jobs, or empties a deleted namespace.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiServerReady, auditLogOf, startApiServer, startEtcd } from './api-server.ts'
import type { ApiServerOptions } from './api-server.ts'
import { controlPlanePrograms, ensureBinaries } from '../build/binaries.ts'
import { runDirectory, silent } from '../build/cache.ts'
import type { Log } from '../build/cache.ts'
import { ensureCertificates } from './certificates.ts'
import type { Daemon } from '../process/daemon.ts'
import { freePorts } from '../process/free-ports.ts'
import { ownedDirectory } from '../process/owned-directory.ts'

export interface ControlPlane {
  /** Path of an administrator's kubeconfig, complete in itself. */
  readonly kubeconfig: string
  /** Where the API server listens, for example https://127.0.0.1:23456. */
  readonly server: string
  /** Where etcd listens, in plain HTTP, for example http://127.0.0.1:23457. */
  readonly etcd: string
  /** One JSON object a line: verb, user, objectRef, responseStatus. */
  readonly auditLog: string
  readonly stateDirectory: string
  readonly kubectl: string
  /** Ends only the API server; etcd keeps its data. SIGTERM lets it finish its requests, SIGKILL does not. */
  stopApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it again on the same port with the same data; resolves when it is ready. */
  startApiServer(): Promise<void>
  /** Ends both and removes the state. */
  stop(): Promise<void>
}

/**
 * Starts a control plane and resolves when it is ready (about 3 s). It ends with this process, however that ends.
 * A failure keeps the logs until the next start and names them.
 */
export async function startControlPlane({ log = silent }: { readonly log?: Log } = {}): Promise<ControlPlane> {
  const start = Date.now()
  const binaries = await ensureBinaries(controlPlanePrograms, log)
  const certificates = await ensureCertificates(log)
  const stateDirectory = ownedDirectory(runDirectory, 'control-plane')
  const [port, ...etcdPorts] = await freePorts()
  const options: ApiServerOptions = {
    address: '127.0.0.1',
    port,
    etcdPorts,
    stateDirectory,
    certificates,
    binaries,
    alone: true,
  }
  const server = `https://127.0.0.1:${port}`
  const kubeconfig = join(stateDirectory, 'kubeconfig')
  writeFileSync(kubeconfig, certificates.kubeconfig('admin', server), { mode: 0o600 })

  const etcd = startEtcd(options)
  let apiServer: Daemon | undefined
  const launch = async (): Promise<void> => {
    if (apiServer !== undefined && apiServer.outcome() === undefined) return
    apiServer = startApiServer(options)
    await apiServerReady(options, [etcd, apiServer])
  }
  const end = async (): Promise<void> => {
    await Promise.all([apiServer?.stop('SIGKILL'), etcd.stop('SIGKILL')])
  }
  try {
    await launch()
  } catch (error) {
    await end()
    throw error
  }
  log(`control plane ready after ${((Date.now() - start) / 1000).toFixed(1)} s at ${server}`)
  return {
    kubeconfig,
    server,
    etcd: `http://127.0.0.1:${etcdPorts[0]}`,
    auditLog: auditLogOf(stateDirectory),
    stateDirectory,
    kubectl: binaries.kubectl,
    stopApiServer: async (signal = 'SIGTERM') => apiServer?.stop(signal),
    startApiServer: launch,
    stop: async () => {
      await end()
      rmSync(stateDirectory, { recursive: true, force: true })
    },
  }
}
