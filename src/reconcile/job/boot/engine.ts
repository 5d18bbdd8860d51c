// Builds the engine of a boot: the server's own image as a sidecar, on loopback, without a key, cut off from all else (egress.ts says from which version that holds). Pure.
import type { V1Container, V1EnvVar, V1PodSpec, V1VolumeMount } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { databaseDirectory } from '../../names/objects.ts'
import { asText, restricted } from '../template.ts'

export const engineContainer = 'engine'
const enginePort = 7700
export const engineEndpoint = `http://127.0.0.1:${enginePort}`
export const dataPath = '/data'
export const dataMount = { name: 'data', mountPath: dataPath }

export interface Engine {
  /** By digest where that is known. */
  readonly engineImage: string
  /** The database is an older one, and the server may upgrade it. */
  readonly upgrade: boolean
  /** Without it: requests 100m and 256Mi, limit of memory 2Gi. */
  readonly resources?: Quantities | undefined
  /** False: its scheduler is off, so no task begins or ends in it, and nothing is called or sent (whyTasksRun says from which version). */
  readonly runsTasks?: boolean | undefined
  /** Of what it writes beside its database. Without it the database's own volume. */
  readonly workMount?: V1VolumeMount | undefined
}

/** Of the pod that an engine is in. No resolver: nothing listens there. */
export const cutOff: Pick<V1PodSpec, 'dnsPolicy' | 'dnsConfig'> = {
  dnsPolicy: 'None',
  dnsConfig: {
    nameservers: ['127.0.0.1'],
    options: [
      { name: 'timeout', value: '1' },
      { name: 'attempts', value: '1' },
    ],
  },
}

interface Quantities {
  readonly requests?: Readonly<Record<string, string | number>> | undefined
  readonly limits?: Readonly<Record<string, string | number>> | undefined
}

const defaultMemory = '2Gi'

/** A dead port: nothing listens there. */
const nowhere = 'http://127.0.0.1:9'
const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']

/** It is ended when inspect has ended. The image's entry point stays: without tini Meilisearch ignores SIGTERM. */
export function engineOf(engine: Engine): V1Container {
  const { engineImage, resources, workMount } = engine
  const limits = asText({ memory: defaultMemory, ...resources?.limits })
  return {
    name: engineContainer,
    image: engineImage,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    // No config.toml of an image is found from here.
    workingDir: workPath(engine),
    env: engineEnvironment(engine, limits['memory'] ?? defaultMemory),
    resources: {
      // A request above a limit of the user's would be refused.
      requests: asText({
        cpu: '100m',
        ...(resources?.limits?.['memory'] === undefined ? { memory: '256Mi' } : {}),
        ...resources?.requests,
      }),
      limits,
    },
    securityContext: restricted,
    // Where it cannot open the database it says why, and ends.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [dataMount, ...(workMount === undefined ? [] : [workMount])],
  }
}

const workPath = ({ workMount = dataMount }: Engine): string => workMount.mountPath

function engineEnvironment(engine: Engine, memory: string): V1EnvVar[] {
  const { upgrade, runsTasks = true } = engine
  const work = workPath(engine)
  const all = {
    MEILI_HTTP_ADDR: `127.0.0.1:${enginePort}`,
    MEILI_ENV: 'development',
    MEILI_NO_ANALYTICS: 'true',
    MEILI_DB_PATH: `${dataPath}/${databaseDirectory}`,
    MEILI_DUMP_DIR: `${work}/dumps`,
    MEILI_SNAPSHOT_DIR: `${work}/snapshots`,
    TMPDIR: work,
    // What it takes to index would else be a share of the node's memory, not of its limit.
    MEILI_MAX_INDEXING_MEMORY: String(Math.floor(sizeBytes(memory) / 2)),
    ...(upgrade ? { MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE: 'true', MEILI_UPGRADE_DB: 'true' } : {}),
    ...(runsTasks ? {} : { MEILI_EXPERIMENTAL_MAX_NUMBER_OF_BATCHED_TASKS: '0' }),
    ...Object.fromEntries(proxies.map((name) => [name, nowhere])),
    NO_PROXY: '',
    no_proxy: '',
  }
  return Object.entries(all).map(([name, value]) => ({ name, value }))
}
