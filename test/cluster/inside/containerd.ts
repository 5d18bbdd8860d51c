// One containerd for each node, with everything of its own: root, state, socket, CNI configuration and address range.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../process/command.ts'
import { startDaemon } from '../process/daemon.ts'
import type { Daemon } from '../process/daemon.ts'
import { sandboxImage } from '../images/images.ts'
import type { NodeSpec } from '../topology.ts'
import { until } from '../process/until.ts'
import { socketOf } from './settings.ts'

const configuration = (node: NodeSpec, directory: string): string => `version = 2
root = "${directory}/containerd"
state = "/run/${node.name}/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "${socketOf(node.name)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # Without the capability to lower it, every sandbox would fail in its first process.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${directory}/cni"
`

/** Every pod has a routed pair of its own: services work between pods of one node without bridge filters in the kernel. */
const network = (node: NodeSpec): object => ({
  cniVersion: '1.0.0',
  name: node.name,
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: node.podSubnet }]],
        routes: [{ dst: '0.0.0.0/0' }],
        dataDir: `/run/${node.name}/cni`,
      },
    },
  ],
})

export async function importImage(node: string, archive: string): Promise<void> {
  await command('ctr', ['--address', socketOf(node), '--namespace', 'k8s.io', 'images', 'import', archive])
}

/** Resolves when the daemon answers. */
export async function startContainerd(node: NodeSpec, stateDirectory: string): Promise<Daemon> {
  const directory = join(stateDirectory, node.name)
  mkdirSync(join(directory, 'cni'), { recursive: true })
  mkdirSync(`/run/${node.name}`, { recursive: true })
  const config = join(directory, 'containerd.toml')
  writeFileSync(config, configuration(node, directory))
  writeFileSync(join(directory, 'cni', '10-pods.conflist'), JSON.stringify(network(node)))
  const log = join(directory, 'containerd.log')
  const daemon = startDaemon({
    name: `containerd of ${node.name}`,
    program: 'containerd',
    args: ['--config', config],
    log,
  })
  const hopeless = (): string | undefined => daemon.outcome()
  await until({ what: `containerd of ${node.name} to answer`, withinMs: 60_000, log, hopeless }, async () => {
    if (!existsSync(socketOf(node.name))) return false
    await command('ctr', ['--address', socketOf(node.name), 'version'])
    return true
  })
  return daemon
}
