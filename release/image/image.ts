// The image of one platform, from the real Dockerfile: a docker archive, gzipped, that `docker load` and `podman load` take, and unpacked `ctr images import`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Architecture } from '../../test/cluster/images/image-archive.ts'
import { buildImage, copyContext } from '../../test/cluster/images/operator-image.ts'
import { gzip } from '../archive.ts'
import type { Base } from './base.ts'
import { sbomFile } from '../describe.ts'

export const platforms = { 'linux/amd64': 'amd64', 'linux/arm64': 'arm64' } as const satisfies Record<
  string,
  Architecture
>
export type Platform = keyof typeof platforms

export interface ImageRequest {
  readonly root: string
  readonly platform: Platform
  /** With its tag. */
  readonly name: string
  readonly version: string
  readonly base: Pick<Base, 'reference' | 'name' | 'description'>
  readonly revision: string
  /** Unix time in seconds: of every file in the image, and of the image. */
  readonly time: number
  readonly sbom: string
  /** An empty directory. */
  readonly work: string
  readonly file: string
}

/** @param time Unix time in seconds */
export const rfc3339 = (time: number): string => new Date(time * 1000).toISOString().replace('.000', '')

function labels({ base, revision, time }: ImageRequest): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.description': `Kubernetes operator for Meilisearch instances and snapshots, on ${base.description}`,
    'org.opencontainers.image.revision': revision,
    'org.opencontainers.image.created': rfc3339(time),
    'org.opencontainers.image.base.name': base.name,
  }
}

export async function writeImage(request: ImageRequest): Promise<void> {
  const { root, platform, name, version, base, time, sbom, work, file } = request
  const context = join(work, 'context')
  mkdirSync(context)
  copyContext(root, context)
  writeFileSync(join(context, 'dist', sbomFile), sbom)
  const args = [
    ['--platform', platform],
    ['--timestamp', `${time}`],
    // The version of the builder is no part of what is built.
    ['--identity-label=false'],
    ['--build-arg', `BASE=${base.reference}`],
    ['--build-arg', `VERSION=${version}`],
    ...Object.entries(labels(request)).map(([label, value]) => ['--label', `${label}=${value}`]),
  ].flat()
  const archive = join(work, 'archive.tar')
  await buildImage({ context, name, args, work, archive })
  await gzip(archive, file)
}
