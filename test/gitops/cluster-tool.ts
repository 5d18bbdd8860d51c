// A whole GitOps tool for the test cluster: its own manifests, out of the Go module that test/cluster pins, rendered with what the test cluster needs.
// Runs outside of the cluster's network.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { moduleDirectories } from '../cluster/build/binaries.ts'
import { cacheDirectory } from '../cluster/build/cache.ts'
import { command } from '../cluster/process/command.ts'

export interface ClusterTool {
  /** Docker archives. */
  readonly images: readonly string[]
  /** Path of a file to apply. */
  readonly manifest: string
}

export interface GoModule {
  readonly Version: string
  /** Where its files lie. */
  readonly Dir: string
}

export async function goModule(pinnedBy: keyof typeof moduleDirectories, path: string): Promise<GoModule> {
  return JSON.parse(
    await command('go', ['mod', 'download', '-json', path], { cwd: moduleDirectories[pinnedBy] }),
  ) as GoModule
}

export interface Composition {
  /** Short name of the tool. */
  readonly title: string
  readonly namespace: string
  /** Directories of manifests, by the name under which `resources` finds each. */
  readonly directories: Readonly<Record<string, string>>
  /** Objects beside those of the tool. */
  readonly around: readonly object[]
  readonly resources: readonly string[]
  readonly patches: readonly object[]
  readonly images?: readonly object[]
}

/** Gives back the path of the rendered manifest. */
export async function compose(
  kubectl: string,
  { title, directories, around, resources, ...kustomization }: Composition,
): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), `meili-operator-${title}-`))
  try {
    for (const [name, from] of Object.entries(directories)) cpSync(from, join(work, name), { recursive: true })
    writeFileSync(join(work, 'around.yaml'), around.map((object) => JSON.stringify(object)).join('\n---\n'))
    // JSON is YAML.
    writeFileSync(
      join(work, 'kustomization.yaml'),
      JSON.stringify({ ...kustomization, resources: ['around.yaml', ...resources] }),
    )
    const manifest = join(cacheDirectory, `${title}.yaml`)
    writeFileSync(manifest, await command(kubectl, ['kustomize', work]))
    return manifest
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Operations of JSON Patch on one object of the tool. */
export function patch(kind: string, name: string, ...operations: readonly object[]): object {
  return { target: { kind, name }, patch: JSON.stringify(operations) }
}
