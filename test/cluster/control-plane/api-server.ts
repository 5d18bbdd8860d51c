// How etcd and kube-apiserver are started: the same for integration tests (loopback, no root) and for the whole cluster.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import type { Binaries } from '../build/binaries.ts'
import type { Certificates } from './certificates.ts'
import { startDaemon } from '../process/daemon.ts'
import type { Daemon } from '../process/daemon.ts'
import { serviceSubnet } from '../topology.ts'
import { until } from '../process/until.ts'

export interface ApiServerOptions {
  readonly address: string
  readonly port: number
  readonly etcdPorts: readonly [number, number]
  readonly stateDirectory: string
  readonly certificates: Certificates
  readonly binaries: Binaries<'etcd' | 'kube-apiserver'>
  /** Without nodes there are no endpoints to publish and no controller that makes service accounts. */
  readonly alone: boolean
}

export const auditLogOf = (stateDirectory: string): string => join(stateDirectory, 'audit.log')

const writes = ['create', 'update', 'patch']

/**
 * Who wrote what, at metadata level; the reads of Kubernetes' own parts are left out, they would drown everything else.
 * With their bodies: what the operator writes, and all Events and statuses, so that they can be searched for keys. Secrets never.
 */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/livez*', '/readyz*', '/healthz*', '/version', '/openapi/*'] },
    {
      level: 'None',
      verbs: ['get', 'list', 'watch'],
      userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'],
    },
    {
      level: 'None',
      verbs: ['get', 'list', 'watch'],
      users: [
        'system:apiserver',
        'system:kube-controller-manager',
        'system:kube-scheduler',
        'system:kube-proxy',
        'local-pool',
      ],
    },
    { level: 'Metadata', resources: [{ group: '', resources: ['secrets', 'serviceaccounts/token'] }] },
    { level: 'Request', verbs: writes, users: ['system:serviceaccount:meili-operator-system:meili-operator'] },
    {
      level: 'Request',
      verbs: writes,
      resources: [
        { group: '', resources: ['events', 'pods/status'] },
        { group: 'events.k8s.io', resources: ['events'] },
        {
          group: 'meili-operator.dev',
          resources: ['meiliinstances/status', 'meilisnapshots/status', 'meilisnapshotschedules/status'],
        },
      ],
    },
    { level: 'Metadata' },
  ],
}

export function startEtcd({ stateDirectory, etcdPorts, binaries }: ApiServerOptions): Daemon {
  const [client, peer] = etcdPorts
  const args = {
    'data-dir': join(stateDirectory, 'etcd'),
    'listen-client-urls': `http://127.0.0.1:${client}`,
    'advertise-client-urls': `http://127.0.0.1:${client}`,
    'listen-peer-urls': `http://127.0.0.1:${peer}`,
    'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
    'initial-cluster': `default=http://127.0.0.1:${peer}`,
    'log-level': 'warn',
  }
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  return startDaemon({
    name: 'etcd',
    program: binaries.etcd,
    args: ['--unsafe-no-fsync', ...flags],
    log: join(stateDirectory, 'etcd.log'),
  })
}

export function startApiServer(options: ApiServerOptions): Daemon {
  const { stateDirectory, certificates } = options
  const policy = join(stateDirectory, 'audit-policy.json')
  mkdirSync(stateDirectory, { recursive: true })
  writeFileSync(policy, JSON.stringify(auditPolicy))
  const level = options.alone
    ? { 'endpoint-reconciler-type': 'none', 'disable-admission-plugins': 'ServiceAccount' }
    : { 'advertise-address': options.address }
  const args = {
    ...level,
    'bind-address': options.address,
    'secure-port': options.port,
    'etcd-servers': `http://127.0.0.1:${options.etcdPorts[0]}`,
    'cert-dir': join(stateDirectory, 'apiserver'),
    'tls-cert-file': certificates.certificate('kube-apiserver'),
    'tls-private-key-file': certificates.key('kube-apiserver'),
    'client-ca-file': certificates.authority,
    'kubelet-client-certificate': certificates.certificate('kubelet-client'),
    'kubelet-client-key': certificates.key('kubelet-client'),
    'kubelet-certificate-authority': certificates.authority,
    // Node names resolve nowhere: exec and logs must go to the address.
    'kubelet-preferred-address-types': 'InternalIP',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': certificates.serviceAccountPublicKey,
    'service-account-signing-key-file': certificates.serviceAccountKey,
    'service-cluster-ip-range': serviceSubnet,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'audit-policy-file': policy,
    'audit-log-path': auditLogOf(stateDirectory),
    // In MiB: one file for a whole run.
    'audit-log-maxsize': 2000,
    profiling: false,
  }
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  return startDaemon({
    name: 'kube-apiserver',
    program: options.binaries['kube-apiserver'],
    args: flags,
    log: join(stateDirectory, 'kube-apiserver.log'),
  })
}

/** Waits for /readyz, which also says that the bootstrap roles are there. */
export async function apiServerReady(options: ApiServerOptions, daemons: readonly Daemon[]): Promise<void> {
  const { certificates } = options
  const tls = {
    ca: readFileSync(certificates.authority),
    cert: readFileSync(certificates.certificate('admin')),
    key: readFileSync(certificates.key('admin')),
  }
  const agent = new Agent({ connect: tls })
  const url = `https://${options.address}:${options.port}/readyz`
  const hopeless = (): string | undefined => daemons.map((daemon) => daemon.outcome()).find((end) => end !== undefined)
  try {
    await until(
      {
        what: `${url} to answer ok`,
        withinMs: 120_000,
        log: join(options.stateDirectory, 'kube-apiserver.log'),
        hopeless,
      },
      async () => {
        const { statusCode, body } = await request(url, { dispatcher: agent, signal: AbortSignal.timeout(5000) })
        const text = await body.text()
        if (statusCode !== 200) throw new Error(`${statusCode} ${text}`)
        return true
      },
    )
  } finally {
    await agent.destroy()
  }
}
