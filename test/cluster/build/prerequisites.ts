// What the whole cluster needs from the system. Everything that is missing is named in one message with the command that installs it;
// root on a system with apt gets it installed.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { goProblem } from './binaries.ts'
import type { Log } from './cache.ts'
import { command } from '../process/command.ts'

/** Programs (or files) and the Debian package that brings each. */
const packageOf: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/ptp': 'containernetworking-plugins',
  nft: 'nftables',
  busybox: 'busybox-static',
  tini: 'tini',
  buildah: 'buildah',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  openssl: 'openssl',
  curl: 'curl',
  tar: 'tar',
  strace: 'strace',
  promtool: 'prometheus',
  prometheus: 'prometheus',
  git: 'git',
  // Redis' server under another of its names; the package that has it by its own would start one.
  'redis-check-rdb': 'redis-tools',
  '/etc/ssl/certs/ca-certificates.crt': 'ca-certificates',
}

/** For some tests alone. */
const notForTheCluster = ['strace', 'promtool', 'prometheus', 'git', 'redis-check-rdb']

const needed = Object.keys(packageOf).filter((name) => !notForTheCluster.includes(name))

/** System programs live in sbin, which not everybody has on PATH. */
export const systemPath = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`

function executable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** Gives back the path of a system program, or undefined. */
export function which(name: string): string | undefined {
  if (name.startsWith('/')) return executable(name) ? name : undefined
  return systemPath
    .split(':')
    .filter(Boolean)
    .map((directory) => join(directory, name))
    .find(executable)
}

async function install(packages: readonly string[], log: Log): Promise<void> {
  const apt = async (...args: string[]): Promise<string> =>
    command('apt-get', args, { environment: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: systemPath } })
  log(`installing Debian packages: ${packages.join(' ')}`)
  const start = Date.now()
  await apt('update', '-q')
  await apt('install', '-q', '-y', '--no-install-recommends', ...packages)
  log(`installed them in ${Math.round((Date.now() - start) / 1000)} s`)
}

const isRoot = (): boolean => process.getuid?.() === 0

/** Installs or names what is missing of the given programs; without any, of those that the cluster needs. */
export async function ensurePrerequisites(log: Log, programs: readonly string[] = needed): Promise<void> {
  const findMissing = (): string[] => [
    ...new Set(programs.filter((name) => which(name) === undefined).map((name) => packageOf[name] ?? name)),
  ]
  const packages = findMissing()
  if (packages.length > 0 && isRoot() && which('apt-get') !== undefined) await install(packages, log)
  const still = findMissing()
  const go = await goProblem()
  if (still.length === 0 && go === undefined) return
  throw new Error(
    [
      'The test cluster cannot be started, something is missing:',
      ...(still.length === 0
        ? []
        : [
            `  system packages (Debian names): ${still.join(' ')}`,
            `    as root: apt-get update && apt-get install ${still.join(' ')}`,
          ]),
      ...(go === undefined ? [] : [`  ${go}`]),
    ].join('\n'),
  )
}

/** Why the whole cluster cannot run here at all, or undefined when it can. */
export function clusterImpossible(): string | undefined {
  if (process.platform !== 'linux') return `a node needs Linux, this is ${process.platform}`
  if (process.arch !== 'x64') return `the test images hold x64 programs, this is ${process.arch}`
  if (!isRoot()) return 'namespaces, mounts and cgroups need root'
  return undefined
}
