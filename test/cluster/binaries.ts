// The programs of the cluster: looked up where the user says, then in the cache, else built from their Go modules (tools/go.mod pins them).
// Builds are keyed by the hash of go.sum and guarded by a lock, so two test runs at once build once.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from './cache.ts'
import type { Log } from './cache.ts'
import { command } from './command.ts'
import { locked } from './lock.ts'

const tools = join(import.meta.dirname, 'tools')

const packages = {
  etcd: 'go.etcd.io/etcd/server/v3',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
} as const

export type Program = keyof typeof packages
export type Binaries<P extends Program = Program> = Readonly<Record<P, string>>

/** What startControlPlane needs. */
export const controlPlanePrograms = ['etcd', 'kube-apiserver', 'kubectl'] as const
/** What startCluster needs. */
export const clusterPrograms = Object.keys(packages) as readonly Program[]

/** The Kubernetes release, as tools/go.mod pins it, for example "1.35.4". */
export const kubernetesVersion = ((): string => {
  const pinned = /^\s*k8s\.io\/kubernetes v(\S+)/m.exec(readFileSync(join(tools, 'go.mod'), 'utf8'))
  return pinned?.[1] ?? '0.0.0'
})()

const directory = (): string =>
  join(cacheDirectory, 'binaries', createHash('sha256').update(readFileSync(join(tools, 'go.sum'))).digest('hex').slice(0, 12))

function find(program: Program): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const places = [...(assets === undefined || assets === '' ? [] : [assets]), directory()]
  return places.map((place) => join(place, program)).find((path) => existsSync(path))
}

/** Says what is wrong with Go when programs must be built, or gives back undefined when nothing is wrong or nothing must be built. */
export async function missingGo(programs: readonly Program[] = clusterPrograms): Promise<string | undefined> {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return undefined
  const version = await command('go', ['env', 'GOVERSION']).catch(() => '')
  const [major = 0, minor = 0] = version.trim().replace('go', '').split('.').map(Number)
  if (major > 1 || minor >= 25) return undefined
  const found = version === '' ? 'no go command was found' : `found ${version.trim()}`
  return (
    `Go 1.25 or later (${found}), to build ${missing.join(', ')}: install Go and put it on PATH. For integration tests it is enough ` +
    'to name a directory that holds etcd, kube-apiserver and kubectl in KUBEBUILDER_ASSETS.'
  )
}

async function build(program: Program, place: string): Promise<void> {
  const [major = '', minor = ''] = kubernetesVersion.split('.')
  const stamps = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor }
  const flags = Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  mkdirSync(place, { recursive: true })
  // Built beside its place and renamed: a build that was killed leaves no half program behind.
  const half = join(place, `.${program}.${process.pid}`)
  const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', half, packages[program]]
  await command('go', args, { cwd: tools, environment: { ...process.env, CGO_ENABLED: '0' } })
  renameSync(half, join(place, program))
}

async function buildMissing(programs: readonly Program[], log: Log): Promise<void> {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return
  const wrong = await missingGo(missing)
  if (wrong !== undefined) throw new Error(`Something is missing: ${wrong}`)
  log(`building ${missing.join(', ')} from their Go modules: once, about 9 minutes for all seven on 2 cores`)
  for (const [index, program] of missing.entries()) {
    const start = Date.now()
    await build(program, directory())
    log(`built ${program} (${index + 1} of ${missing.length}) in ${Math.round((Date.now() - start) / 1000)} s`)
  }
}

/** Gives back the path of each program, after building those that are nowhere to be found. */
export async function ensureBinaries<P extends Program>(programs: readonly P[], log: Log): Promise<Binaries<P>> {
  if (programs.some((program) => find(program) === undefined)) {
    await locked({ path: `${directory()}.lock`, what: 'building the cluster programs', log }, async () => buildMissing(programs, log))
  }
  return Object.fromEntries(programs.map((program) => [program, find(program)])) as Binaries<P>
}
