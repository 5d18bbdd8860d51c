// kube-controller-manager, kube-scheduler and kube-proxy: one of each, without leader election.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../control-plane/certificates.ts'
import { startDaemon } from '../process/daemon.ts'
import type { Daemon } from '../process/daemon.ts'
import { podSubnet, serviceSubnet } from '../topology.ts'
import type { Settings } from './settings.ts'

export interface ControllersOptions {
  readonly settings: Settings
  readonly certificates: Certificates
  readonly server: string
}

type Controller = 'kube-controller-manager' | 'kube-scheduler' | 'kube-proxy'

function proxyConfiguration(kubeconfig: string, node: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: node,
    clusterCIDR: podSubnet,
    clientConnection: { kubeconfig },
    // Limits of the whole machine, not of this network namespace: not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  }
}

export function startControllers({ settings, certificates, server }: ControllersOptions): readonly Daemon[] {
  const { stateDirectory, binaries } = settings
  const kubeconfigOf = (name: Controller): string => {
    const path = join(stateDirectory, `${name}.kubeconfig`)
    writeFileSync(path, certificates.kubeconfig(name, server), { mode: 0o600 })
    return path
  }
  const start = (name: Controller, args: Readonly<Record<string, string | boolean>>): Daemon => {
    const flags = Object.entries(args).map(([flag, value]) => `--${flag}=${value}`)
    return startDaemon({ name, program: binaries[name], args: flags, log: join(stateDirectory, `${name}.log`) })
  }
  const proxyConfig = join(stateDirectory, 'kube-proxy.json')
  writeFileSync(proxyConfig, JSON.stringify(proxyConfiguration(kubeconfigOf('kube-proxy'), settings.nodes[0] ?? '')))
  return [
    start('kube-controller-manager', {
      kubeconfig: kubeconfigOf('kube-controller-manager'),
      'bind-address': '127.0.0.1',
      'leader-elect': false,
      'use-service-account-credentials': true,
      'root-ca-file': certificates.authority,
      'service-account-private-key-file': certificates.serviceAccountKey,
      'service-cluster-ip-range': serviceSubnet,
    }),
    start('kube-scheduler', {
      kubeconfig: kubeconfigOf('kube-scheduler'),
      'bind-address': '127.0.0.1',
      'leader-elect': false,
    }),
    start('kube-proxy', { config: proxyConfig }),
  ]
}
