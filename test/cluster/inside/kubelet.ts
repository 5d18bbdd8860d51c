// One kubelet for each node, on its node's address, with directories and a cgroup root of its own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../control-plane/certificates.ts'
import { cgroupRoot } from '../process/cgroups.ts'
import { startDaemon } from '../process/daemon.ts'
import type { Daemon } from '../process/daemon.ts'
import type { NodeSpec } from '../topology.ts'
import { socketOf } from './settings.ts'

export interface KubeletOptions {
  readonly node: NodeSpec
  readonly stateDirectory: string
  readonly server: string
  readonly certificates: Certificates
  readonly program: string
}

function configuration({ node, certificates }: KubeletOptions, directory: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: node.address,
    healthzBindAddress: node.address,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: certificates.authority } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificates.certificate(node.name),
    tlsPrivateKeyFile: certificates.key(node.name),
    containerRuntimeEndpoint: `unix://${socketOf(node.name)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroupRoot(node.name),
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    // A machine whose disk is nearly full must neither evict the pods nor lose the images, which can be fetched from nowhere.
    evictionHard: { 'memory.available': '50Mi' },
    imageGCHighThresholdPercent: 100,
    resolvConf: '',
    clusterDomain: 'cluster.local',
    // Nobody answers there: pods are reached by address, services by cluster address.
    clusterDNS: ['10.96.0.10'],
    makeIPTablesUtilChains: false,
    serializeImagePulls: false,
    podLogsDir: join(directory, 'pod-logs'),
    volumePluginDir: join(directory, 'volume-plugins'),
  }
}

export function startKubelet(options: KubeletOptions): Daemon {
  const { node, stateDirectory, certificates, server } = options
  const directory = join(stateDirectory, node.name)
  mkdirSync(directory, { recursive: true })
  const config = join(directory, 'kubelet.json')
  const kubeconfig = join(directory, 'kubelet.kubeconfig')
  writeFileSync(config, JSON.stringify(configuration(options, directory)))
  writeFileSync(kubeconfig, certificates.kubeconfig(node.name, server), { mode: 0o600 })
  const args = {
    config,
    kubeconfig,
    'hostname-override': node.name,
    'node-ip': node.address,
    'root-dir': join(directory, 'kubelet'),
    'cert-dir': join(directory, 'kubelet-certificates'),
  }
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  return startDaemon({
    name: `kubelet of ${node.name}`,
    program: options.program,
    args: flags,
    log: join(directory, 'kubelet.log'),
  })
}
