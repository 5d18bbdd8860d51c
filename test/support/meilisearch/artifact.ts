// Proofs about a stored snapshot that do not use our own code: the system's sha256sum, and a second Meilisearch that starts from the file.
import type { Kubectl } from '../kubernetes/kubectl.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { MeilisearchApi } from './api.ts'
import { portForward } from '../kubernetes/port-forward.ts'

export interface Stored {
  readonly namespace: string
  readonly claimName: string
  /** Directory on the claim. */
  readonly path: string
  readonly fileName: string
}

export interface Toolbox {
  readonly kubectl: Kubectl
  /** An image with Meilisearch and a shell. */
  readonly image: string
}

/** Who reads the claim: the files belong to the server's user. */
export interface Reader {
  readonly uid: number
}

const serverReader: Reader = { uid: 1000 }

function podOn(
  stored: Pick<Stored, 'namespace' | 'claimName'>,
  pod: { name: string; image: string; container: object; reader: Reader; volumes?: readonly object[] },
): object {
  const { uid } = pod.reader
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: stored.namespace, name: pod.name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: uid,
        runAsGroup: uid,
        fsGroup: uid,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'main',
          image: pod.image,
          imagePullPolicy: 'IfNotPresent',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...pod.container,
        },
      ],
      volumes: [{ name: 'backup', persistentVolumeClaim: { claimName: stored.claimName } }, ...(pod.volumes ?? [])],
    },
  }
}

/** Runs one shell line in a pod with the claim mounted read-only at /backup; gives its output. */
export async function shellOnClaim(
  { kubectl, image }: Toolbox,
  stored: Pick<Stored, 'namespace' | 'claimName'> & { readonly writable?: true },
  command: string,
): Promise<string> {
  const name = `look-${Math.random().toString(36).slice(2, 10)}`
  const mount = { name: 'backup', mountPath: '/backup', readOnly: stored.writable !== true }
  await kubectl.apply(
    podOn(stored, {
      name,
      image,
      reader: serverReader,
      container: { command: ['/bin/sh', '-c', command], volumeMounts: [mount] },
    }),
  )
  const phase = await eventually(`pod ${name} to end`, async () => {
    const { status } = await kubectl.json<{ status: { phase: string } }>(['-n', stored.namespace, 'get', 'pod', name])
    return status.phase === 'Succeeded' || status.phase === 'Failed' ? status.phase : undefined
  })
  const output = await kubectl.run(['-n', stored.namespace, 'logs', name])
  await kubectl.run(['-n', stored.namespace, 'delete', 'pod', name, '--wait=false'])
  if (phase === 'Failed') throw new Error(`"${command}" failed on claim ${stored.claimName}: ${output}`)
  return output
}

export interface Contents {
  readonly counts: Record<string, number>
  readonly hits: number
}

export async function contentsOf(api: MeilisearchApi, index: string, query: string): Promise<Contents> {
  return { counts: await api.counts(), hits: await api.hits(index, query) }
}

/** Starts a second Meilisearch from the stored file and asks it. */
export async function serveStored(
  { kubectl, image }: Toolbox,
  stored: Stored,
  ask: { masterKey: string; index: string; query: string; reader?: Reader },
): Promise<Contents> {
  const name = `second-${Math.random().toString(36).slice(2, 10)}`
  const mounts = [
    { name: 'backup', mountPath: '/backup', readOnly: true },
    { name: 'data', mountPath: '/meili_data' },
  ]
  const env = [
    { name: 'MEILI_MASTER_KEY', value: ask.masterKey },
    { name: 'MEILI_NO_ANALYTICS', value: 'true' },
    { name: 'MEILI_DB_PATH', value: '/meili_data/data.ms' },
    { name: 'MEILI_IMPORT_SNAPSHOT', value: `/backup/${stored.path}/${stored.fileName}` },
  ]
  const container = {
    env,
    volumeMounts: mounts,
    readinessProbe: { httpGet: { path: '/health', port: 7700 }, periodSeconds: 1 },
  }
  await kubectl.apply(
    podOn(stored, {
      name,
      image,
      reader: ask.reader ?? serverReader,
      container,
      volumes: [{ name: 'data', emptyDir: {} }],
    }),
  )
  await kubectl.run(['-n', stored.namespace, 'wait', `pod/${name}`, '--for=condition=Ready', '--timeout=120s'])
  const forward = await portForward(kubectl, stored.namespace, `${name}:7700`)
  try {
    return await contentsOf(new MeilisearchApi(forward.url, ask.masterKey), ask.index, ask.query)
  } finally {
    forward.close()
    await kubectl.run(['-n', stored.namespace, 'delete', 'pod', name, '--wait=false'])
  }
}
