// Flux for the test bed: its three controllers as images, and their own manifests of the same versions, rendered with what the bed needs.
// Runs outside of the cluster's network: programs are built, and manifests come, from the Go modules that test/cluster/flux pins.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBinaries, fluxPrograms, moduleDirectories } from '../cluster/binaries.ts'
import { cacheDirectory } from '../cluster/cache.ts'
import type { Log } from '../cluster/cache.ts'
import { command } from '../cluster/command.ts'
import { imageArchive } from '../cluster/images/image-archive.ts'
import { accounts } from '../cluster/images/images.ts'

const namespace = 'flux-system'
/** The bed has no DNS for services: the address under which artifacts are fetched is a fixed one. */
const sourceAddress = '10.96.77.1'

type Controller = (typeof fluxPrograms)[number]

interface Module {
  readonly Version: string
  readonly Dir: string
}

export interface Flux {
  /** Docker archives. */
  readonly images: readonly string[]
  /** Path of a file to apply. */
  readonly manifest: string
}

const moduleOf = async (controller: Controller): Promise<Module> =>
  JSON.parse(await command('go', ['mod', 'download', '-json', `github.com/fluxcd/${controller}`], { cwd: moduleDirectories.flux })) as Module

export async function fluxForTheBed(log: Log): Promise<Flux> {
  const programs = await ensureBinaries([...fluxPrograms, 'kubectl'], log)
  const images: string[] = []
  const modules = new Map<Controller, Module>()
  for (const controller of fluxPrograms) {
    const module = await moduleOf(controller)
    const program = { path: `/usr/local/bin/${controller}`, from: programs[controller], mode: 0o755 }
    const config = { Entrypoint: [program.path], User: '65534:65534' }
    images.push(await imageArchive({ title: controller, name: `docker.io/fluxcd/${controller}:${module.Version}`, entries: [...accounts, program], config }, log))
    modules.set(controller, module)
  }
  const manifest = join(cacheDirectory, 'flux.yaml')
  writeFileSync(manifest, await rendered(programs.kubectl, modules))
  return { images, manifest }
}

/** As Flux's own distribution composes them: CRDs, Deployments and the Service of each controller, in one namespace, with all rights. */
async function rendered(kubectl: string, modules: ReadonlyMap<Controller, Module>): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'meili-operator-flux-'))
  try {
    for (const [controller, { Dir }] of modules) cpSync(join(Dir, 'config'), join(directory, controller), { recursive: true })
    const parts = [...modules.keys()].flatMap((controller) => [`${controller}/crd`, `${controller}/manager`])
    writeFileSync(join(directory, 'around.yaml'), around.map((object) => JSON.stringify(object)).join('\n---\n'))
    // JSON is YAML.
    writeFileSync(join(directory, 'kustomization.yaml'), JSON.stringify({ namespace, resources: ['around.yaml', ...parts], patches }))
    return await command(kubectl, ['kustomize', directory])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const around = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'cluster-reconciler' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
  },
]

const args = '/spec/template/spec/containers/0/args'
const patch = (kind: string, name: string, ...operations: readonly object[]): object => ({ target: { kind, name }, patch: JSON.stringify(operations) })
/** Who waits for another asks again after this, not after half a minute. */
const impatient = { op: 'add', path: `${args}/-`, value: '--requeue-dependency=2s' }

const patches = [
  patch('Service', 'source-controller', { op: 'add', path: '/spec/clusterIP', value: sourceAddress }),
  // The last of such flags counts.
  patch('Deployment', 'source-controller', { op: 'add', path: `${args}/-`, value: `--storage-adv-addr=${sourceAddress}` }),
  patch('Deployment', 'kustomize-controller', impatient),
  patch('Deployment', 'helm-controller', impatient),
]
