// The cluster's storage: classes, a pool of volumes on each node and some that all nodes share, and the loop that wipes and grows them.
import { appendFileSync, chmodSync, chownSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Api } from './api.ts'
import { poolChanges, poolLabel } from './pool-changes.ts'
import type { Change, Claim, Volume } from './pool-changes.ts'

const volumesPerNode = 24
const onePodVolumesPerNode = 2
const sharedVolumes = 6
const volumeSize = '8Gi'

const classPath = '/apis/storage.k8s.io/v1/storageclasses'
const volumePath = '/api/v1/persistentvolumes'

const storageClass = (name: string, binding: string, isDefault: boolean): object => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': `${isDefault}` } },
  provisioner: 'kubernetes.io/no-provisioner',
  volumeBindingMode: binding,
  allowVolumeExpansion: true,
})

function volume(name: string, spec: object): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels: { [poolLabel]: 'true' } },
    // Retain makes it Released when its claim is gone: then the loop wipes it and gives it back.
    spec: { capacity: { storage: volumeSize }, persistentVolumeReclaimPolicy: 'Retain', ...spec },
  }
}

interface Local {
  readonly node: string
  readonly name: string
  /** ReadWriteOncePod stands alone: no volume may have it beside another one. */
  readonly accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod'
}

function localVolume({ node, name, accessMode }: Local, directory: string): object {
  const onNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
  return volume(name, {
    accessModes: [accessMode],
    storageClassName: 'local-pool',
    local: { path: join(directory, name) },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
  })
}

const sharedVolume = (name: string, directory: string): object =>
  volume(name, {
    accessModes: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'],
    storageClassName: 'shared-pool',
    hostPath: { path: join(directory, name) },
  })

/** Makes classes and volumes. `local-pool` is the default class; claims of class `shared-pool` can be ReadWriteMany. */
export async function makePool(api: Api, directory: string, nodes: readonly string[]): Promise<void> {
  const names = (count: number, prefix: string): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(2, '0')}`)
  const localsOf = (node: string): Local[] => [
    ...names(volumesPerNode, node).map((name) => ({ node, name, accessMode: 'ReadWriteOnce' as const })),
    ...names(onePodVolumesPerNode, `${node}-one-pod`).map((name) => ({
      node,
      name,
      accessMode: 'ReadWriteOncePod' as const,
    })),
  ]
  const locals = nodes.flatMap(localsOf).map((local) => ({ name: local.name, object: localVolume(local, directory) }))
  const shared = names(sharedVolumes, 'shared').map((name) => ({ name, object: sharedVolume(name, directory) }))
  // A real disk's root belongs to root (fsGroup changes that), a share is open to all (fsGroup does not reach it).
  for (const { name } of locals) mkdirSync(join(directory, name), { recursive: true, mode: 0o755 })
  for (const { name } of shared) mkdirSync(join(directory, name), { recursive: true })
  for (const { name } of shared) chmodSync(join(directory, name), 0o777)
  await api.apply(`${classPath}/local-pool`, storageClass('local-pool', 'WaitForFirstConsumer', true))
  await api.apply(`${classPath}/shared-pool`, storageClass('shared-pool', 'Immediate', false))
  await Promise.all([...locals, ...shared].map(async ({ name, object }) => api.apply(`${volumePath}/${name}`, object)))
}

async function perform(api: Api, change: Change): Promise<void> {
  if (change.type === 'wipe') {
    for (const entry of readdirSync(change.path)) rmSync(join(change.path, entry), { recursive: true, force: true })
    chownSync(change.path, 0, 0)
    chmodSync(change.path, change.shared ? 0o777 : 0o755)
    await api.merge(`${volumePath}/${change.volume}`, { spec: { claimRef: null, capacity: { storage: volumeSize } } })
  } else if (change.type === 'raise-volume') {
    await api.merge(`${volumePath}/${change.volume}`, { spec: { capacity: { storage: change.storage } } })
  } else {
    const patch = { status: { capacity: { storage: change.storage }, conditions: null } }
    await api.merge(`/api/v1/namespaces/${change.namespace}/persistentvolumeclaims/${change.claim}/status`, patch)
  }
}

/** Keeps the pool until the process ends: looks after every change of a volume or a claim. What it does is written to the log file. */
export function keepPool(api: Api, log: string): void {
  let wake: () => void = () => {}
  const note = (text: string): void => appendFileSync(log, `${new Date().toISOString()} ${text}\n`)
  const follow = async (path: string): Promise<never> => {
    for (;;) {
      await api.watch(path, () => wake()).catch((error: unknown) => note(String(error)))
      wake()
      // The server is away or has ended the watch: there is nothing to wait for but time.
      await pause(1000)
    }
  }
  const pass = async (): Promise<void> => {
    const { items: volumes } = await api.get<{ items: Volume[] }>(volumePath)
    const { items: claims } = await api.get<{ items: Claim[] }>('/api/v1/persistentvolumeclaims')
    for (const change of poolChanges(volumes, claims)) {
      await perform(api, change)
      note(JSON.stringify(change))
    }
  }
  const loop = async (): Promise<never> => {
    for (;;) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      await pass().catch((error: unknown) => note(String(error)))
      await woken
    }
  }
  void follow(volumePath)
  void follow('/api/v1/persistentvolumeclaims')
  void loop()
}
