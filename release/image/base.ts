// The base of the released images: Node from npm and the libraries that it needs from Debian, for either architecture, with what scanners look for.
// Distroless in kind: no shell, no package manager, user nonroot. Nothing of this machine is in it.
import { lstatSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../test/cluster/process/command.ts'
import { imageArchive } from '../../test/cluster/images/image-archive.ts'
import type { Entry } from '../../test/cluster/images/image-archive.ts'
import { nodeBaseConfig, nodeBaseEntries } from '../../test/cluster/images/images.ts'
import { ownedDirectory } from '../../test/cluster/process/owned-directory.ts'
import { baseCache, debianPackages } from './debian.ts'
import type { DebianPackage, FetchOptions } from './debian.ts'
import { nodeProgram } from './node-program.ts'
import type { NodeProgram } from './node-program.ts'
import { npmPurl } from '../notices/sbom.ts'
import type { BaseComponent } from '../notices/sbom.ts'

export interface Base {
  /** For the Dockerfile's BASE. */
  readonly reference: string
  /** For labels: a name, and what it is in words. */
  readonly name: string
  readonly description: string
  readonly components: readonly BaseComponent[]
}

/** Of all that the packages bring, the parts that a program needs at run time, and the licences. */
const kept =
  /^\/(?:(?:usr\/)?lib(?:64|32)?\/(?!.*\/(?:gconv|audit)\/)|etc\/(?:os-release|debian_version)$|usr\/share\/(?:common-licenses\/|doc\/[^/]+(?:\/copyright)?$))/

function filesUnder(root: string, directory = ''): readonly Entry[] {
  return readdirSync(join(root, directory)).flatMap((name): readonly Entry[] => {
    const path = `${directory}/${name}`
    const found = lstatSync(join(root, path))
    if (found.isDirectory()) return filesUnder(root, path)
    if (!kept.test(path)) return []
    if (found.isSymbolicLink()) return [{ path, link: readlinkSync(join(root, path)) }]
    return [{ path, from: join(root, path), mode: (found.mode & 0o111) === 0 ? 0o644 : 0o755 }]
  })
}

/** What Debian's update-ca-certificates would make of the package's certificates. */
function certificateBundle(root: string): string {
  const directory = join(root, 'usr/share/ca-certificates/mozilla')
  const names = readdirSync(directory).filter((name) => name.endsWith('.crt'))
  return names
    .toSorted()
    .map((name) => `${readFileSync(join(directory, name), 'utf8').trimEnd()}\n`)
    .join('')
}

function entriesOf(root: string, packages: readonly DebianPackage[], node: NodeProgram): readonly Entry[] {
  return [
    ...nodeBaseEntries,
    ...filesUnder(root),
    { path: '/nodejs/bin/node', from: node.program, mode: 0o755 },
    { path: '/nodejs/LICENSE', from: node.license },
    { path: '/etc/ssl/certs/ca-certificates.crt', text: certificateBundle(root) },
    // Where scanners find the packages of an image without dpkg.
    ...packages.map(({ name, control }): Entry => ({ path: `/var/lib/dpkg/status.d/${name}`, text: control })),
  ]
}

const nodeComponent = ({ name, version, sha512 }: NodeProgram): BaseComponent => ({
  type: 'application',
  name: 'node',
  version,
  purl: npmPurl(name, version),
  license: 'see /nodejs/LICENSE in the image',
  sha512,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
})

const debianComponent =
  (distribution: string) =>
  ({ name, version, architecture, sha256 }: DebianPackage): BaseComponent => ({
    type: 'library',
    name,
    version,
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${distribution}`,
    license: `see /usr/share/doc/${name}/copyright in the image`,
    sha256,
  })

/** Libraries are the distribution's, so its release is part of the name. */
function distributionOf(root: string): { readonly id: string; readonly name: string } {
  const text = readFileSync(join(root, 'usr/lib/os-release'), 'utf8')
  const value = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return { id: `${value('ID')}-${value('VERSION_ID')}`, name: value('PRETTY_NAME') }
}

/** Makes the base, or takes it from the cache, if the same was made before. */
export async function releaseBase(root: string, options: FetchOptions): Promise<Base> {
  const { architecture, log } = options
  const packages = await debianPackages(options)
  const node = await nodeProgram(root, options)
  const work = ownedDirectory(baseCache(architecture), '.root')
  try {
    for (const { file } of packages) await command('dpkg-deb', ['--extract', file, work])
    const { id, name } = distributionOf(work)
    const entries = entriesOf(work, packages, node)
    const title = `release-base-${architecture}`
    const reference = `localhost/meili-operator-base:node${node.version}-${id}`
    const archive = await imageArchive({ title, name: reference, entries, config: nodeBaseConfig, architecture }, log)
    return {
      reference: `docker-archive:${archive}`,
      name: reference,
      description: `a base made of Node ${node.version} from npm and libraries of ${name}, in place of distroless`,
      components: [nodeComponent(node), ...packages.map(debianComponent(id))],
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
