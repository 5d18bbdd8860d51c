// Flux for the test cluster: its three controllers as images, and their own manifests of the same versions, rendered with what the test cluster needs.
// Runs outside of the cluster's network: programs are built, and manifests come, from the Go modules that test/cluster/build/flux pins.
import { ensureBinaries, fluxPrograms } from '../../cluster/build/binaries.ts'
import type { Log } from '../../cluster/build/cache.ts'
import { imageArchive } from '../../cluster/images/image-archive.ts'
import { accounts } from '../../cluster/images/images.ts'
import { ensurePrerequisites } from '../../cluster/build/prerequisites.ts'
import { compose, goModule, patch } from '../cluster-tool.ts'
import type { ClusterTool } from '../cluster-tool.ts'

const namespace = 'flux-system'
/** The test cluster has no DNS for services: the address under which artifacts are fetched is a fixed one. */
const sourceAddress = '10.96.77.1'

/** Composed as Flux's own distribution does: CRDs, Deployments and the Service of each controller, in one namespace, with all rights. */
export async function fluxForCluster(log: Log): Promise<ClusterTool> {
  // The test is a Git host.
  await ensurePrerequisites(log, ['git'])
  const programs = await ensureBinaries([...fluxPrograms, 'kubectl'], log)
  const images: string[] = []
  const directories: Record<string, string> = {}
  for (const controller of fluxPrograms) {
    const { Version, Dir } = await goModule('flux', `github.com/fluxcd/${controller}`)
    const program = { path: `/usr/local/bin/${controller}`, from: programs[controller], mode: 0o755 }
    const config = { Entrypoint: [program.path], User: '65534:65534' }
    images.push(
      await imageArchive(
        {
          title: controller,
          name: `docker.io/fluxcd/${controller}:${Version}`,
          entries: [...accounts, program],
          config,
        },
        log,
      ),
    )
    directories[controller] = `${Dir}/config`
  }
  const resources = fluxPrograms.flatMap((controller) => [`${controller}/crd`, `${controller}/manager`])
  return {
    images,
    manifest: await compose(programs.kubectl, { title: 'flux', namespace, directories, around, resources, patches }),
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
/** Who waits for another asks again after this, not after half a minute. */
const impatient = { op: 'add', path: `${args}/-`, value: '--requeue-dependency=2s' }

const patches = [
  patch('Service', 'source-controller', { op: 'add', path: '/spec/clusterIP', value: sourceAddress }),
  // The last of such flags counts.
  patch('Deployment', 'source-controller', {
    op: 'add',
    path: `${args}/-`,
    value: `--storage-adv-addr=${sourceAddress}`,
  }),
  patch('Deployment', 'kustomize-controller', impatient),
  patch('Deployment', 'helm-controller', impatient),
]
