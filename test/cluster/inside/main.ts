// The cluster, seen from inside its namespaces: started there by cluster.ts, starts everything else and lives as long as the cluster.
// Ends when its driver does (the end of standard input), unless the driver said to keep it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { apiServerReady, startApiServer, startEtcd } from '../control-plane/api-server.ts'
import type { ApiServerOptions } from '../control-plane/api-server.ts'
import { keepApiServer } from '../control-plane/api-server-outage.ts'
import { silent } from '../build/cache.ts'
import { ensureCertificates } from '../control-plane/certificates.ts'
import type { Certificates } from '../control-plane/certificates.ts'
import type { Daemon } from '../process/daemon.ts'
import { makeNetwork } from '../network.ts'
import { apiServerAddress, apiServerPort, nodes } from '../topology.ts'
import type { NodeSpec } from '../topology.ts'
import { until } from '../process/until.ts'
import { Api } from './api.ts'
import { importImage, startContainerd } from './containerd.ts'
import { startControllers } from './controllers.ts'
import { startKubelet } from './kubelet.ts'
import { makeMounts } from './mounts.ts'
import { keepPool, makePool } from './pool.ts'
import { keepLine } from './settings.ts'
import type { Answer, Settings } from './settings.ts'

const settings = JSON.parse(process.argv[2] ?? '{}') as Settings
const { stateDirectory, binaries } = settings
const server = `https://${apiServerAddress}:${apiServerPort}`

let kept = false
createInterface({ input: process.stdin })
  .on('line', (line) => (kept ||= line === keepLine))
  .on('close', () => {
    if (!kept) process.exit(0)
  })
// The driver of a kept cluster is gone, and with it the reader of our answers.
process.stdout.on('error', () => {})

const answer = (what: Answer): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now()
  const result = await work()
  answer({ type: 'step', name, seconds: (Date.now() - start) / 1000 })
  return result
}

async function controlPlane(certificates: Certificates): Promise<void> {
  const options: ApiServerOptions = {
    address: apiServerAddress,
    port: apiServerPort,
    etcdPorts: [2379, 2380],
    stateDirectory,
    certificates,
    binaries,
    alone: false,
  }
  const [etcd, apiServer] = [startEtcd(options), startApiServer(options)]
  await apiServerReady(options, [etcd, apiServer])
  void keepApiServer(options, apiServer)
}

interface NodeObject {
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[]
  }
}

async function nodeReady(api: Api, { name }: NodeSpec, kubelet: Daemon): Promise<void> {
  const hopeless = (): string | undefined => kubelet.outcome()
  await until({ what: `node ${name} to be Ready`, withinMs: 120_000, log: kubelet.log, hopeless }, async () => {
    const { status } = await api.get<NodeObject>(`/api/v1/nodes/${name}`)
    const ready = status.conditions?.find(({ type }) => type === 'Ready')
    if (ready?.status !== 'True') throw new Error(ready?.message ?? 'no condition Ready')
    return true
  })
}

async function startAll(): Promise<void> {
  const ours = nodes.filter(({ name }) => settings.nodes.includes(name))
  const certificates = await ensureCertificates(silent)
  await makeMounts()
  await makeNetwork()
  const images = step('images', async () => {
    const load = async (node: NodeSpec): Promise<void> => {
      await startContainerd(node, stateDirectory)
      await Promise.all(settings.images.map(async (archive) => importImage(node.name, archive)))
    }
    await Promise.all(ours.map(load))
  })
  await Promise.all([images, step('control plane', async () => controlPlane(certificates))])
  startControllers({ settings, certificates, server })
  const api = new Api(server, certificates)
  const directory = join(stateDirectory, 'volumes')
  mkdirSync(directory, { recursive: true })
  const storage = step('storage', async () => makePool(api, directory, settings.nodes))
  const readiness = ours.map(async (node) =>
    step(node.name, async () =>
      nodeReady(api, node, startKubelet({ node, stateDirectory, server, certificates, program: binaries.kubelet })),
    ),
  )
  await Promise.all([storage, ...readiness])
  keepPool(api, join(stateDirectory, 'pool.log'))
}

try {
  await startAll()
  answer({ type: 'ready' })
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  writeFileSync(join(stateDirectory, 'failure.txt'), `${message}\n`)
  answer({ type: 'failed', message })
}
