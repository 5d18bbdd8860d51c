// Argo CD for the test cluster: its own manifests, as its "core" install composes them, with images of the same version and of the Redis and the Git that
// are installed here. Runs outside of the cluster's network: the program is built, and manifests come, from the Go module that test/cluster/build/argocd pins.
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBinaries } from '../../cluster/build/binaries.ts'
import type { Log } from '../../cluster/build/cache.ts'
import { command } from '../../cluster/process/command.ts'
import { imageArchive, programWithLibraries } from '../../cluster/images/image-archive.ts'
import type { Entry } from '../../cluster/images/image-archive.ts'
import { accounts } from '../../cluster/images/images.ts'
import { ensurePrerequisites, which } from '../../cluster/build/prerequisites.ts'
import { compose, goModule, patch } from '../cluster-tool.ts'
import type { ClusterTool } from '../cluster-tool.ts'

const namespace = 'argocd'
/** The test cluster has no DNS for services: the addresses under which the parts find each other are fixed ones. */
const redisAddress = '10.96.78.1'
const repositoryAddress = '10.96.78.2'

export async function argoCdForCluster(log: Log): Promise<ClusterTool> {
  await ensurePrerequisites(log, ['git', 'redis-check-rdb', 'tini'])
  const { argocd, helm3, kubectl } = await ensureBinaries(['argocd', 'helm3', 'kubectl'], log)
  const { Version, Dir } = await goModule('argocd', 'github.com/argoproj/argo-cd/v2')
  const archives = [await argoCdArchive({ argocd, helm: helm3, version: Version }, log), await redisArchive(log)]
  const [newName, redisTag] = redisImage.split(':')
  const images = [
    { name: 'quay.io/argoproj/argocd', newTag: Version },
    { name: 'redis', newName, newTag: redisTag },
  ]
  const resources = parts.map((part) => `manifests/${part}`)
  return {
    images: archives,
    manifest: await compose(kubectl, {
      title: 'argocd',
      namespace,
      directories: { manifests: join(Dir, 'manifests') },
      around,
      resources,
      patches,
      images,
    }),
  }
}

function pathOfProgram(program: string): string {
  const path = which(program)
  if (path === undefined)
    throw new Error(`No ${program} on this machine to put into an image: ensurePrerequisites installs it or says how.`)
  return path
}

/** Like the official image: every program of Argo CD is a name of one, and it calls git and helm. */
async function argoCdArchive(
  { argocd, helm, version }: { argocd: string; helm: string; version: string },
  log: Log,
): Promise<string> {
  const programs = '/usr/local/bin'
  const gitPrograms = (await command('git', ['--exec-path'])).trim()
  const entries: readonly Entry[] = [
    ...accounts,
    ...(await programWithLibraries('/usr/bin/tini', pathOfProgram('tini'))),
    ...(await programWithLibraries('/usr/bin/git', pathOfProgram('git'))),
    ...(await programWithLibraries(`${gitPrograms}/git-remote-http`, join(gitPrograms, 'git-remote-http'))),
    { path: `${programs}/argocd`, from: argocd, mode: 0o755 },
    { path: `${programs}/helm`, from: helm, mode: 0o755 },
    ...['application-controller', 'repo-server'].map((name) => ({
      path: `${programs}/argocd-${name}`,
      link: 'argocd',
    })),
    { path: '/home/argocd', mode: 0o777 },
  ]
  const config = {
    Entrypoint: ['/usr/bin/tini', '--'],
    User: '999',
    WorkingDir: '/home/argocd',
    Env: [`PATH=${programs}:/usr/bin:/bin`, 'USER=argocd'],
  }
  return imageArchive({ title: 'argocd', name: `quay.io/argoproj/argocd:${version}`, entries, config }, log)
}

/** Debian's Redis is one program that goes by its name. */
async function redisArchive(log: Log): Promise<string> {
  const server = '/usr/bin/redis-server'
  const entries = [...accounts, ...(await programWithLibraries(server, realpathSync(pathOfProgram('redis-check-rdb'))))]
  return imageArchive(
    { title: 'argocd-redis', name: redisImage, entries, config: { Entrypoint: [server], User: '999' } },
    log,
  )
}

const redisImage = 'localhost/redis:1'
const parts = [
  'crds',
  'cluster-rbac/application-controller',
  'base/config',
  'base/application-controller',
  'base/repo-server',
  'base/redis',
]

/** What its API server and its command line would have made, were they there. */
const around = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'argocd-redis' },
    stringData: { auth: 'only-for-the-test-cluster' },
  },
]

const pod = '/spec/template/spec'
/** The images are there, and from nowhere else. */
const local = { op: 'replace', path: `${pod}/containers/0/imagePullPolicy`, value: 'IfNotPresent' }
/** It copies a plugin server, or makes the password that is there. */
const withoutPreparation = { op: 'remove', path: `${pod}/initContainers` }
const withoutGpg = {
  op: 'add',
  path: `${pod}/containers/0/env/-`,
  value: { name: 'ARGOCD_GPG_ENABLED', value: 'false' },
}

const patches = [
  patch('Service', 'argocd-redis', { op: 'add', path: '/spec/clusterIP', value: redisAddress }),
  patch('Service', 'argocd-repo-server', { op: 'add', path: '/spec/clusterIP', value: repositoryAddress }),
  patch('ConfigMap', 'argocd-cmd-params-cm', {
    op: 'add',
    path: '/data',
    value: {
      'redis.server': `${redisAddress}:6379`,
      'repo.server': `${repositoryAddress}:8081`,
      'controller.repo.server.plaintext': 'true',
      'reposerver.disable.tls': 'true',
    },
  }),
  // Compared again after this, not after three minutes: also where the repo server could not be reached at first.
  patch('ConfigMap', 'argocd-cm', { op: 'add', path: '/data', value: { 'timeout.reconciliation': '5s' } }),
  patch('Secret', 'argocd-secret', {
    op: 'add',
    path: '/stringData',
    value: { 'server.secretkey': 'only-for-the-test-cluster' },
  }),
  patch('StatefulSet', 'argocd-application-controller', local, withoutGpg),
  patch('Deployment', 'argocd-repo-server', local, withoutPreparation, withoutGpg),
  patch('Deployment', 'argocd-redis', local, withoutPreparation),
]
