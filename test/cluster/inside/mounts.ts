// Private temporary file systems over the directories where containerd, the CNI plugins and the kubelet write whatever their settings are:
// nothing they leave there (sockets, network namespaces, links to logs) reaches the machine, and all of it is gone with the mount namespace.
import { command } from '../process/command.ts'
import { privateDirectories } from './settings.ts'

export async function makeMounts(): Promise<void> {
  for (const directory of privateDirectories)
    await command('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'test-cluster', directory])
}
