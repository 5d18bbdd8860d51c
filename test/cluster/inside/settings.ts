// What the driver hands to the program inside the namespaces, and what that one answers. Passed as JSON: an argument, then lines.
import type { Binaries, clusterPrograms } from '../build/binaries.ts'

export interface Settings {
  readonly stateDirectory: string
  readonly nodes: readonly string[]
  /** Docker archives that every node gets before it is said to be ready. */
  readonly images: readonly string[]
  readonly binaries: Binaries<(typeof clusterPrograms)[number]>
}

export type Answer =
  | { readonly type: 'step'; readonly name: string; readonly seconds: number }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

/** The line on standard input after which the cluster lives on without its driver. */
export const keepLine = 'keep'

export const socketOf = (node: string): string => `/run/${node}/containerd.sock`

/** Written by containerd, the CNI plugins and the kubelet whatever their settings are; inside, each is a temporary file system. */
export const privateDirectories = ['/run', '/var/log', '/var/lib/cni', '/var/lib/kubelet'] as const
