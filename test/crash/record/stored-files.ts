// What lies on a claim, read from the test cluster's own disk: no pod of the test touches the volume while a life goes on.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { manifest } from '../../../src/mover/artifact/manifest-schema.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { persistentVolumeClaims } from '../../../src/kube/resource.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { command } from '../../cluster/process/command.ts'

const persistentVolumes: Resource = { group: '', version: 'v1', plural: 'persistentvolumes', kind: 'PersistentVolume' }

/** Where the claim's volume is on this machine; undefined while it is bound to none. */
export async function directoryOf(
  kube: KubeClient,
  reference: { namespace: string; name: string },
): Promise<string | undefined> {
  const claim = await kube.get<V1PersistentVolumeClaim & KubeObject>(persistentVolumeClaims, reference)
  const name = claim.spec?.volumeName
  if (name === undefined) return undefined
  return (await kube.get<V1PersistentVolume & KubeObject>(persistentVolumes, { name })).spec?.local?.path
}

function manifestDifferences(directory: string, { metadata, status }: MeiliSnapshot): string[] {
  const parsed = manifest.safeParse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')))
  if (!parsed.success) return [`manifest.json is not valid: ${parsed.error.issues[0]?.message}`]
  const { object, task, file } = parsed.data
  const pairs = [
    ['object', object.uid, metadata.uid],
    ['task', task.uid, status?.task?.uid],
    ['batch', task.batchUid, status?.task?.batchUid],
    ['sha256', file.sha256, status?.artifact?.sha256],
    ['size', file.sizeBytes, String(status?.artifact?.sizeBytes)],
  ] as const
  return pairs
    .filter(([, inManifest, inStatus]) => inManifest !== inStatus)
    .map(([what, inManifest, inStatus]) => `${what} in manifest.json is ${inManifest}, in status ${inStatus}`)
}

/** What is wrong with the claim of a snapshot that says it is stored there: its one directory, whole, and nothing beside it. */
export async function storedDifferences(root: string, snapshot: MeiliSnapshot): Promise<string[]> {
  const [instance, name] = [
    snapshot.spec.source.instanceRef.name,
    `${snapshot.metadata.name}-${snapshot.metadata.uid.slice(0, 8)}`,
  ]
  const found = readdirSync(root, { recursive: true }).map(String).toSorted()
  const wanted = [
    instance,
    `${instance}/${name}`,
    ...['SHA256SUMS', 'data.ms.snapshot', 'manifest.json'].map((file) => `${instance}/${name}/${file}`),
  ]
  const beside = found.filter((path) => !wanted.includes(path)).map((path) => `${path} lies on the claim`)
  const missing = wanted.filter((path) => !found.includes(path)).map((path) => `${path} is missing on the claim`)
  const directory = join(root, instance, name)
  if (missing.length > 0 || !existsSync(directory)) return [...beside, ...missing]
  const mismatches = await command('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: directory }).then(
    () => [],
    (error: unknown) => [String(error)],
  )
  return [...beside, ...mismatches, ...manifestDifferences(directory, snapshot)]
}
