// Volumes that really are small, for tests on full disks: the pool's volumes are directories and as large as the machine's disk.
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'

export interface SmallVolumeSpec {
  /** Name of the PersistentVolume; a claim takes it by `volumeName` and `storageClassName: small`. */
  readonly name: string
  readonly node: string
  readonly sizeBytes: number
  /** ext4 keeps 5 % for root and takes space for itself, as a real disk does; tmpfs gives exactly its size. */
  readonly filesystem?: 'tmpfs' | 'ext4'
}

export interface SmallVolume {
  /** Where it is mounted, in the cluster's mount namespace. */
  readonly path: string
  /** Deletes the PersistentVolume and unmounts. Delete the pods that use it first. */
  remove(): Promise<void>
}

function persistentVolume({ name, node, sizeBytes }: SmallVolumeSpec, path: string): object {
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: `${sizeBytes}` },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'small',
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  }
}

/** Makes the file system on the node and a PersistentVolume for it. */
export async function smallVolume(cluster: Cluster, spec: SmallVolumeSpec): Promise<SmallVolume> {
  const path = join(cluster.stateDirectory, 'volumes', spec.name)
  const kubectl = async (args: readonly string[], input?: string): Promise<string> =>
    cluster.run(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...args], input)
  await cluster.run('mkdir', ['-p', path])
  if (spec.filesystem === 'ext4') {
    await cluster.run('truncate', ['--size', `${spec.sizeBytes}`, `${path}.ext4`])
    await cluster.run('mkfs.ext4', ['-q', '-F', `${path}.ext4`])
    await cluster.run('mount', ['-o', 'loop', `${path}.ext4`, path])
  } else {
    await cluster.run('mount', ['-t', 'tmpfs', '-o', `mode=755,size=${spec.sizeBytes}`, spec.name, path])
  }
  await kubectl(['apply', '-f', '-'], JSON.stringify(persistentVolume(spec, path)))
  return {
    path,
    remove: async () => {
      await kubectl(['delete', 'pv', spec.name, '--ignore-not-found', '--wait=false'])
      await cluster.run('umount', [path])
      await cluster.run('rm', ['-rf', path, `${path}.ext4`])
    },
  }
}
