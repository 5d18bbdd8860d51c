// Builds the engine of a boot: the server's own image as a sidecar, on loopback, without a key, cut off from all else (egress.ts says from which version that holds). Pure.
import type { V1Container, V1EnvVar } from '@kubernetes/client-node'
import { sizeBytes } from '../../../api/fields/quantity.ts'
import { databaseDirectory } from '../../names/objects.ts'
import { asText, restricted } from '../template.ts'

export const engineContainer = 'engine'
export const enginePort = 7700
export const dataPath = '/data'
export const dataMount = { name: 'data', mountPath: dataPath }

export interface Engine {
  /** By digest where that is known. */
  readonly engineImage: string
  /** The database is an older one, and the server may upgrade it. */
  readonly upgrade: boolean
  /** Without it: requests 100m and 256Mi, limit of memory 2Gi. */
  readonly resources?: Quantities | undefined
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
export function engineOf({ engineImage, resources, upgrade }: Engine): V1Container {
  const limits = asText({ memory: defaultMemory, ...resources?.limits })
  return {
    name: engineContainer,
    image: engineImage,
    imagePullPolicy: 'IfNotPresent',
    restartPolicy: 'Always',
    // No config.toml of an image is found from here.
    workingDir: dataPath,
    env: engineEnvironment(upgrade, limits['memory'] ?? defaultMemory),
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
    volumeMounts: [dataMount],
  }
}

function engineEnvironment(upgrade: boolean, memory: string): V1EnvVar[] {
  const all = {
    MEILI_HTTP_ADDR: `127.0.0.1:${enginePort}`,
    MEILI_ENV: 'development',
    MEILI_NO_ANALYTICS: 'true',
    MEILI_DB_PATH: `${dataPath}/${databaseDirectory}`,
    MEILI_DUMP_DIR: `${dataPath}/dumps`,
    MEILI_SNAPSHOT_DIR: `${dataPath}/snapshots`,
    TMPDIR: dataPath,
    // What it takes to index would else be a share of the node's memory, not of its limit.
    MEILI_MAX_INDEXING_MEMORY: String(Math.floor(sizeBytes(memory) / 2)),
    ...(upgrade ? { MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE: 'true', MEILI_UPGRADE_DB: 'true' } : {}),
    ...Object.fromEntries(proxies.map((name) => [name, nowhere])),
    NO_PROXY: '',
    no_proxy: '',
  }
  return Object.entries(all).map(([name, value]) => ({ name, value }))
}
