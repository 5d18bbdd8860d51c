// What all lanes share: a cluster with the project's CRDs and rights but without its Deployment, a token of the operator's account,
// and doors in the cluster's network that lead calls to Meilisearch through the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect } from '../../../src/kube/connection.ts'
import { command } from '../../cluster/process/command.ts'
import { systemPath } from '../../cluster/build/prerequisites.ts'
import { apiServerAddress } from '../../cluster/topology.ts'
import { Kubectl } from '../../support/kubernetes/kubectl.ts'

export const operatorNamespace = 'meili-operator-system'
/** Where a MeiliInstance believes its server to listen; only the operator goes there. */
export const doorPort = 7701

export interface Bed {
  readonly kubectl: Kubectl
  /** As administrator. */
  readonly kube: KubeClient
  readonly apiServer: { readonly origin: string; readonly ca: string }
  /** Of the operator's service account: what install.yaml allows is what is tried. */
  readonly token: string
  readonly images: { readonly operator: string; readonly meilisearch: string }
  /** Logs and kubeconfigs. */
  readonly directory: string
  /** From now on what goes to `address` on the door's port comes out on this port of loopback. */
  redirect(address: string, port: number): Promise<void>
  /** With its logs, unless they are still wanted. */
  close(keepsLogs: boolean): Promise<void>
}

export interface BedPlace {
  readonly kubectl: string
  readonly kubeconfig: string
  readonly images: Bed['images']
}

const repository = join(import.meta.dirname, '../../..')
const table = 'meili_crash'

async function nft(rules: string): Promise<void> {
  await command('nft', ['-f', '-'], { input: rules, environment: { ...process.env, PATH: systemPath } })
}

/** In the output hook only: probes of the kubelet and everything from pods go straight to the server, on its own port. */
async function makeDoors(): Promise<void> {
  const here = Object.values(networkInterfaces())
    .flat()
    .some((one) => one?.address === apiServerAddress)
  if (!here)
    throw new Error(
      `${apiServerAddress} is not an address of this network: the crash matrix runs inside of the test bed's (npm run test:crash).`,
    )
  await nft(`
    table ip ${table}
    delete table ip ${table}
    table ip ${table} {
      map doors { type ipv4_addr . inet_service : ipv4_addr . inet_service; }
      chain output {
        type nat hook output priority -100; policy accept;
        dnat ip to ip daddr . tcp dport map @doors
      }
    }`)
}

/** install.yaml without the Deployment; one that runs already is taken down, so that it does not serve our namespaces, too. */
async function install(kubectl: Kubectl): Promise<void> {
  const documents = readFileSync(join(repository, 'install.yaml'), 'utf8')
    .split(/^---$/m)
    .filter((document) => !/^kind: Deployment$/m.test(document))
  await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: documents.join('---\n') })
  await kubectl.run([
    'wait',
    '--for=condition=Established',
    'crd/meiliinstances.meili-operator.dev',
    'crd/meilisnapshots.meili-operator.dev',
    '--timeout=30s',
  ])
  await kubectl.run([
    '-n',
    operatorNamespace,
    'delete',
    'deployments',
    '--all',
    '--cascade=foreground',
    '--timeout=60s',
  ])
}

function serverOf(kubeconfig: string): Bed['apiServer'] {
  const { clusters } = parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: Record<string, string> }[] }
  const { server = '', 'certificate-authority-data': ca = '' } = clusters[0]?.cluster ?? {}
  return { origin: server, ca: Buffer.from(ca, 'base64').toString('utf8') }
}

export async function openBed({ kubectl: program, kubeconfig, images }: BedPlace): Promise<Bed> {
  const kubectl = new Kubectl({ kubectl: program, kubeconfig })
  await makeDoors()
  await install(kubectl)
  const kube = new KubeClient(connect(kubeconfig))
  const directory = mkdtempSync(join(tmpdir(), 'meili-operator-crash-'))
  return {
    kubectl,
    kube,
    apiServer: serverOf(kubeconfig),
    token: (await kubectl.run(['-n', operatorNamespace, 'create', 'token', 'meili-operator', '--duration=12h'])).trim(),
    images,
    directory,
    redirect: async (address, port) =>
      await nft(`add element ip ${table} doors { ${address} . ${doorPort} : 127.0.0.1 . ${port} }`),
    close: async (keepsLogs) => {
      await nft(`delete table ip ${table}`)
      await kube.close()
      if (!keepsLogs) rmSync(directory, { recursive: true })
    },
  }
}
