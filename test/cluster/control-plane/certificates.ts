// The private certificate authority of the test cluster and every certificate it signs, made once with openssl and kept in the cache.
// For tests only: the keys lie readable for their owner in the cache directory.
import { X509Certificate, createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from '../build/cache.ts'
import type { Log } from '../build/cache.ts'
import { command } from '../process/command.ts'
import { withLock } from '../process/lock.ts'
import { nodes } from '../topology.ts'

const validDays = 3650
const remakeBeforeMs = 30 * 86_400_000

interface Subject {
  readonly subject: string
  readonly names?: readonly string[]
}

const subjects: Readonly<Record<string, Subject>> = {
  'kube-apiserver': {
    subject: '/CN=kube-apiserver',
    names: [
      'IP:10.96.0.1',
      'IP:10.77.0.1',
      'IP:127.0.0.1',
      'DNS:localhost',
      'DNS:kubernetes',
      'DNS:kubernetes.default.svc',
    ],
  },
  'kubelet-client': { subject: '/O=system:masters/CN=kube-apiserver-kubelet-client' },
  admin: { subject: '/O=system:masters/CN=admin' },
  'local-pool': { subject: '/O=system:masters/CN=local-pool' },
  'kube-controller-manager': { subject: '/CN=system:kube-controller-manager' },
  'kube-scheduler': { subject: '/CN=system:kube-scheduler' },
  'kube-proxy': { subject: '/CN=system:kube-proxy' },
  ...Object.fromEntries(
    nodes.map(({ name, address }) => [
      name,
      { subject: `/O=system:nodes/CN=system:node:${name}`, names: [`IP:${address}`, `DNS:${name}`] },
    ]),
  ),
}

export interface Certificates {
  readonly authority: string
  readonly serviceAccountKey: string
  readonly serviceAccountPublicKey: string
  certificate(name: string): string
  key(name: string): string
  /** A kubeconfig that holds everything it needs, as text. */
  kubeconfig(name: string, server: string): string
}

const extensions = ({ names }: Subject): string =>
  [
    'basicConstraints=CA:FALSE',
    'keyUsage=digitalSignature,keyEncipherment',
    'extendedKeyUsage=serverAuth,clientAuth',
    ...(names === undefined ? [] : [`subjectAltName=${names.join(',')}`]),
  ].join('\n')

async function make(directory: string): Promise<void> {
  const at = (name: string): string => join(directory, name)
  const key = async (name: string): Promise<string> =>
    command('openssl', [
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-out',
      at(`${name}.key`),
    ])
  await key('ca')
  await command('openssl', [
    'req',
    '-x509',
    '-new',
    '-key',
    at('ca.key'),
    '-subj',
    '/CN=meili-operator-test-cluster',
    '-days',
    `${validDays}`,
    '-out',
    at('ca.crt'),
  ])
  await key('service-account')
  await command('openssl', ['pkey', '-in', at('service-account.key'), '-pubout', '-out', at('service-account.pub')])
  const sign = async ([name, subject]: [string, Subject], serial: number): Promise<void> => {
    await key(name)
    writeFileSync(at(`${name}.ext`), extensions(subject))
    await command('openssl', [
      'req',
      '-new',
      '-key',
      at(`${name}.key`),
      '-subj',
      subject.subject,
      '-out',
      at(`${name}.csr`),
    ])
    const issuer = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-set_serial', `${serial + 2}`]
    const rest = ['-days', `${validDays}`, '-extfile', at(`${name}.ext`), '-out', at(`${name}.crt`)]
    await command('openssl', ['x509', '-req', '-in', at(`${name}.csr`), ...issuer, ...rest])
  }
  await Promise.all(Object.entries(subjects).map(sign))
}

function good(directory: string): boolean {
  try {
    const authority = new X509Certificate(readFileSync(join(directory, 'ca.crt')))
    return Date.parse(authority.validTo) - Date.now() > remakeBeforeMs && existsSync(join(directory, 'admin.crt'))
  } catch {
    return false
  }
}

function kubeconfig(files: { authority: string; certificate: string; key: string }, server: string): string {
  const data = (path: string): string => readFileSync(path).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test-cluster', cluster: { server, 'certificate-authority-data': data(files.authority) } }],
    users: [
      {
        name: 'test-cluster',
        user: { 'client-certificate-data': data(files.certificate), 'client-key-data': data(files.key) },
      },
    ],
    contexts: [{ name: 'test-cluster', context: { cluster: 'test-cluster', user: 'test-cluster' } }],
    'current-context': 'test-cluster',
  })
}

/** Gives back the certificates, after making them when there are none or they end within a month. */
export async function ensureCertificates(log: Log): Promise<Certificates> {
  const version = createHash('sha256').update(JSON.stringify(subjects)).digest('hex').slice(0, 12)
  const directory = join(cacheDirectory, 'certificates', version)
  if (!good(directory)) {
    await withLock({ path: `${directory}.lock`, what: 'making certificates', log }, async () => {
      if (good(directory)) return
      const half = `${directory}.${process.pid}`
      rmSync(half, { recursive: true, force: true })
      mkdirSync(half, { recursive: true, mode: 0o700 })
      await make(half)
      rmSync(directory, { recursive: true, force: true })
      renameSync(half, directory)
      log('made certificates')
    })
  }
  const certificate = (name: string): string => join(directory, `${name}.crt`)
  const key = (name: string): string => join(directory, `${name}.key`)
  const authority = certificate('ca')
  return {
    authority,
    certificate,
    key,
    serviceAccountKey: key('service-account'),
    serviceAccountPublicKey: join(directory, 'service-account.pub'),
    kubeconfig: (name, server) => kubeconfig({ authority, certificate: certificate(name), key: key(name) }, server),
  }
}
