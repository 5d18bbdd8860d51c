// The programs of the cluster, Helm, and what answers for GitOps tools and CronJobs by their own libraries: looked up where the user says, then in the
// cache, else built from the Go modules that pin them. Builds are keyed by the hash of the module's go.sum and own sources, and guarded by a lock: two
// test runs at once build once.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from './cache.ts'
import type { Log } from './cache.ts'
import { command } from '../process/command.ts'
import { withLock } from '../process/lock.ts'

/** Go modules that pin programs, by their directory. */
export const moduleDirectories = {
  tools: join(import.meta.dirname, 'tools'),
  helm: join(import.meta.dirname, 'helm'),
  helm3: join(import.meta.dirname, 'helm3'),
  flux: join(import.meta.dirname, 'flux'),
  argocd: join(import.meta.dirname, 'argocd'),
  verdicts: join(import.meta.dirname, '../../gitops/verdicts'),
  cron: join(import.meta.dirname, 'cron'),
} as const

const packages = {
  etcd: { module: 'tools', path: 'go.etcd.io/etcd/server/v3' },
  kubectl: { module: 'tools', path: 'k8s.io/kubernetes/cmd/kubectl' },
  'kube-apiserver': { module: 'tools', path: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  kubelet: { module: 'tools', path: 'k8s.io/kubernetes/cmd/kubelet' },
  'kube-controller-manager': { module: 'tools', path: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  'kube-scheduler': { module: 'tools', path: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  'kube-proxy': { module: 'tools', path: 'k8s.io/kubernetes/cmd/kube-proxy' },
  helm: { module: 'helm', path: 'helm.sh/helm/v4/cmd/helm' },
  helm3: { module: 'helm3', path: 'helm.sh/helm/v3/cmd/helm' },
  'source-controller': { module: 'flux', path: 'github.com/fluxcd/source-controller' },
  'kustomize-controller': { module: 'flux', path: 'github.com/fluxcd/kustomize-controller' },
  'helm-controller': { module: 'flux', path: 'github.com/fluxcd/helm-controller' },
  argocd: { module: 'argocd', path: '.' },
  verdicts: { module: 'verdicts', path: '.' },
  cron: { module: 'cron', path: '.' },
} as const

export type Program = keyof typeof packages
export type Binaries<P extends Program = Program> = Readonly<Record<P, string>>

/** What startControlPlane needs. */
export const controlPlanePrograms = ['etcd', 'kube-apiserver', 'kubectl'] as const
/** What startCluster needs. */
export const clusterPrograms = [
  ...controlPlanePrograms,
  'kubelet',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
] as const

/** Flux, as far as it applies what lies in a Git repository. */
export const fluxPrograms = ['source-controller', 'kustomize-controller', 'helm-controller'] as const

/** What the chart's tests run: Helm 4, unless HELM_MAJOR=3 asks for the other. */
export const chosenHelm = process.env['HELM_MAJOR'] === '3' ? 'helm3' : 'helm'

/** The Kubernetes release, as tools/go.mod pins it, for example "1.35.4". */
export const kubernetesVersion = ((): string => {
  const pinned = /^\s*k8s\.io\/kubernetes v(\S+)/m.exec(readFileSync(join(moduleDirectories.tools, 'go.mod'), 'utf8'))
  return pinned?.[1] ?? '0.0.0'
})()

const binaryDirectory = join(cacheDirectory, 'binaries')

/** A change of one module builds its programs anew, and no others. */
function directoryOf(program: Program): string {
  const module = moduleDirectories[packages[program].module]
  const sources = readdirSync(module).filter((name) => name.endsWith('.go'))
  const hash = createHash('sha256')
  for (const name of ['go.sum', ...sources.toSorted()]) hash.update(readFileSync(join(module, name)))
  return join(binaryDirectory, hash.digest('hex').slice(0, 12))
}

function find(program: Program): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS']
  const candidates = [...(assets === undefined || assets === '' ? [] : [assets]), directoryOf(program)]
  return candidates.map((directory) => join(directory, program)).find((path) => existsSync(path))
}

/** Says what is wrong with Go when programs must be built, or gives back undefined when nothing is wrong or nothing must be built. */
export async function goProblem(programs: readonly Program[] = clusterPrograms): Promise<string | undefined> {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return undefined
  const version = await command('go', ['env', 'GOVERSION']).catch(() => '')
  const [major = 0, minor = 0] = version.trim().replace('go', '').split('.').map(Number)
  if (major > 1 || minor >= 26) return undefined
  const found = version === '' ? 'no go command was found' : `found ${version.trim()}`
  return (
    `Go 1.26 or later (${found}), to build ${missing.join(', ')}: install Go and put it on PATH. For integration tests it is enough ` +
    'to name a directory that holds etcd, kube-apiserver, kubectl and helm in KUBEBUILDER_ASSETS.'
  )
}

async function build(program: Program): Promise<void> {
  const directory = directoryOf(program)
  const { module, path } = packages[program]
  const [major = '', minor = ''] = kubernetesVersion.split('.')
  const stamps = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor }
  const flags = Object.entries(module === 'tools' ? stamps : {}).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  mkdirSync(directory, { recursive: true })
  // Built beside its place and renamed: a build that was killed leaves no half program behind.
  const half = join(directory, `.${program}.${process.pid}`)
  const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', half, path]
  await command('go', args, { cwd: moduleDirectories[module], environment: { ...process.env, CGO_ENABLED: '0' } })
  renameSync(half, join(directory, program))
}

async function buildMissing(programs: readonly Program[], log: Log): Promise<void> {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return
  const wrong = await goProblem(missing)
  if (wrong !== undefined) throw new Error(`Something is missing: ${wrong}`)
  log(
    `building ${missing.join(', ')} from Go modules: once, about 9 minutes for the seven of Kubernetes, 4 for Helm, 1 for verdicts, 8 for Flux and 6 for Argo CD on 2 cores`,
  )
  for (const [index, program] of missing.entries()) {
    const start = Date.now()
    await build(program)
    log(`built ${program} (${index + 1} of ${missing.length}) in ${Math.round((Date.now() - start) / 1000)} s`)
  }
}

/** Gives back the path of each program, after building those that are nowhere to be found. */
export async function ensureBinaries<P extends Program>(programs: readonly P[], log: Log): Promise<Binaries<P>> {
  if (programs.some((program) => find(program) === undefined)) {
    await withLock(
      { path: join(binaryDirectory, 'build.lock'), what: 'building programs from Go modules', log },
      async () => buildMissing(programs, log),
    )
  }
  return Object.fromEntries(programs.map((program) => [program, find(program)])) as Binaries<P>
}
