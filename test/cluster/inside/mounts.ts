// Private temporary file systems over the directories where containerd, the CNI plugins and the kubelet write whatever they are told:
// nothing they leave there reaches the machine, and all of it is gone with the mount namespace.
import { existsSync } from 'node:fs'
import { command } from '../command.ts'

/** Sockets, network namespaces and shims live in /run; the kubelet links container logs into /var/log. */
const directories = ['/run', '/var/log', '/var/lib/cni', '/var/lib/kubelet']

export async function makeMounts(): Promise<void> {
  for (const directory of directories.filter((path) => existsSync(path))) {
    await command('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'test-bed', directory])
  }
}
