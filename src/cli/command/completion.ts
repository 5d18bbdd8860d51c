// Completion by kubectl's own means: for `kubectl meili …` it asks a program named kubectl_complete-meili, which `completion` prints.
// The protocol is cobra's: a candidate a line, its description behind a tab, last a directive (cobra, `ShellCompDirective`).
import type { Command } from 'commander'
import { namespaces, persistentVolumeClaims, pods, statefulSets } from '../../kube/resource.ts'
import type { KubeObject } from '../../kube/resource.ts'
import { candidateLines, completionOf } from '../candidates.ts'
import type { Completion } from '../candidates.ts'
import { Cluster } from '../cluster.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { progressOf } from '../view/progress.ts'
import { targetText } from '../../api/restore.ts'
import { restoreProgress } from '../view/restore/progress.ts'
import { instanceOf, whenText } from '../view/schedule.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** The hidden command that the script calls. */
export const completeCommand = '__complete'

const script = `#!/bin/sh
# Completion of "kubectl meili": put this file into your PATH as kubectl_complete-meili and make it executable.
exec kubectl meili ${completeCommand} "$@"
`

/** No files. */
const directive = ':4'

export function runCompletion(terminal: Terminal): ExitCode {
  terminal.write(script, 'out')
  return exitCodes.done
}

export async function runComplete(program: Command, terminal: Terminal, words: readonly string[]): Promise<ExitCode> {
  const { candidates, objects } = completionOf(program, words)
  const wordsFor =
    objects === undefined ? [] : await objectsIn(new Cluster(connectionFlagsIn(words), terminal.environment), objects)
  terminal.document([...candidateLines([...candidates, ...wordsFor], words.at(-1) ?? ''), directive].join('\n'))
  return exitCodes.done
}

/** The flags that are typed already say which cluster is meant. */
function connectionFlagsIn(words: readonly string[]): { kubeconfig?: string; context?: string; namespace?: string } {
  const valueOf = (...names: readonly string[]): string | undefined =>
    words[words.findLastIndex((word) => names.includes(word)) + 1]
  const flagValue = (...names: readonly string[]): string | undefined =>
    words.some((word) => names.includes(word)) ? valueOf(...names) : undefined
  const [kubeconfig, context, namespace] = [
    flagValue('--kubeconfig'),
    flagValue('--context'),
    flagValue('-n', '--namespace'),
  ]
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
  }
}

async function objectsIn(
  cluster: Cluster,
  objects: NonNullable<Completion['objects']>,
): Promise<readonly { word: string; about: string }[]> {
  const { kube, namespace } = cluster
  const wordsFor = (list: readonly KubeObject[], prefix = ''): { word: string; about: string }[] =>
    list.map(({ metadata }) => ({ word: `${prefix}${metadata.name}`, about: '' }))
  try {
    switch (objects) {
      case 'instance':
        return (await cluster.instances(namespace)).map(({ metadata, status }) => ({
          word: metadata.name,
          about: status?.version === undefined ? '' : `Meilisearch ${status.version}`,
        }))
      case 'snapshot':
        return (await cluster.snapshots(namespace)).map((snapshot) => ({
          word: snapshot.metadata.name,
          about: `${progressOf(snapshot).phase}, of ${snapshot.spec.source.instanceRef.name}`,
        }))
      case 'schedule':
      case 'schedule/':
        return (await cluster.schedules(namespace)).map((schedule) => ({
          word: `${objects === 'schedule/' ? 'schedule/' : ''}${schedule.metadata.name}`,
          about: `${whenText(schedule.spec)}, of ${instanceOf(schedule)}`,
        }))
      case 'restore':
        return (await cluster.restores(namespace)).map((restore) => ({
          word: restore.metadata.name,
          about: `${restoreProgress(restore).phase}, ${targetText(restore)}`,
        }))
      case 'claim':
        return wordsFor(await kube.listAll(persistentVolumeClaims, { namespace }))
      case 'server':
        return [
          ...wordsFor(await kube.listAll(statefulSets, { namespace }), 'statefulset/'),
          ...wordsFor(await kube.listAll(pods, { namespace }), 'pod/'),
        ]
      case 'namespace':
        return wordsFor(await kube.listAll(namespaces))
    }
  } finally {
    await cluster.close()
  }
}
