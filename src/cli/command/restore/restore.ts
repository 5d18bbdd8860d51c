// kubectl meili restore SNAPSHOT: makes the plan of a restore and shows it, carries it out, or makes a server that starts from the snapshot.
import type { Sanitize } from '../../../api/fields/restore.ts'
import { meiliRestores } from '../../../api/restore.ts'
import type { KubeObject } from '../../../kube/resource.ts'
import type { Cluster, Restore } from '../../cluster.ts'
import { UserError } from '../../errors.ts'
import { exitCodes } from '../../exit-codes.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { newRestore, planFor, sourceOf } from '../../new/restore.ts'
import { meiliIn, operand, quote } from '../../terminal/shell.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { followedRestore } from '../../view/restore/progress.ts'
import { patch, report } from '../patch.ts'
import { followToEnd } from '../wait.ts'
import { create, createAndFollow, followOrSay, lookAtSource } from './make.ts'
import type { RunFlags } from './make.ts'
import { runNewServer } from './server.ts'

export interface RestoreFlags extends RunFlags {
  readonly snapshot: string | undefined
  readonly inPlace?: string
  readonly to?: string
  readonly claim?: string
  readonly directory?: string
  readonly dryRun: boolean
  readonly confirm?: string
  readonly allowUpgrade?: true
  readonly safety?: string
  readonly sanitize?: Partial<Sanitize>
  readonly size?: string
  readonly storageClass?: string
}

export async function runRestore(cluster: Cluster, terminal: Terminal, flags: RestoreFlags): Promise<ExitCode> {
  const { snapshot, inPlace, claim, to } = flags
  if (snapshot === undefined)
    throw new UserError('Which snapshot? kubectl meili restore SNAPSHOT --in-place INSTANCE --dry-run', exitCodes.usage)
  const target = inPlace ?? claim
  if ([inPlace, claim, to].filter((each) => each !== undefined).length !== 1)
    throw new UserError('Where to? Write one of --in-place INSTANCE, --to NEW, --claim CLAIM.', exitCodes.usage)
  if (target === undefined) return await runNewServer(cluster, terminal, { ...flags, snapshot, to: to ?? '' })
  return await restoreOver(cluster, terminal, { ...flags, snapshot, target })
}

type OverFlags = RestoreFlags & { readonly snapshot: string; readonly target: string }

/** Over the data of an instance, or on a claim: a plan first, then the same object is applied. */
async function restoreOver(cluster: Cluster, terminal: Terminal, flags: OverFlags): Promise<ExitCode> {
  const { target, dryRun, confirm } = flags
  checkConfirm(cluster, flags)
  const object = newRestore(
    {
      ...flags,
      namespace: cluster.namespace,
      source: sourceOf(flags.snapshot),
      target: targetOf(flags),
      calledAfter: target,
      allowUpgrade: flags.allowUpgrade === true,
      ...(dryRun ? { mode: 'DryRun' as const } : {}),
    },
    Date.now(),
  )
  if (dryRun) return await plan(cluster, terminal, { object, flags })
  const planned = flags.name === undefined ? planFor(object, await cluster.restores(cluster.namespace)) : undefined
  if (planned === undefined) {
    await lookAt(cluster, flags)
    return await createAndFollow(cluster, terminal, { object, flags, resource: meiliRestores })
  }
  const { metadata } = planned
  const body = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { mode: 'Apply', confirm } }
  const change = { name: metadata.name, dryRun: false, format: flags.wait ? undefined : flags.format }
  const applied = await patch<Restore>(cluster, { kind: meiliRestores, body }, change)
  if (flags.format === undefined || !flags.wait)
    report(terminal, applied, { did: 'applied, as it was planned', flags: change })
  return await followOrSay(cluster, terminal, { name: metadata.name, flags })
}

/** Data is replaced only where its owner's name is written twice. */
function checkConfirm(cluster: Cluster, { snapshot, target, inPlace, dryRun, confirm }: OverFlags): void {
  if (dryRun || confirm === target) return
  const [flag, what] = inPlace === undefined ? ['--claim', 'claim'] : ['--in-place', 'instance']
  const command = `${meiliIn(cluster.namedNamespace)} restore ${operand(snapshot)} ${flag} ${quote(target)}`
  throw new UserError(
    confirm === undefined
      ? `This writes over the data of ${what} ${target}. Look at the plan first: ${command} --dry-run. To do it: ${command} --confirm ${quote(target)}`
      : `--confirm must be the name of the ${what} once more, ${target}; it is ${confirm}.`,
    exitCodes.usage,
  )
}

function targetOf({ inPlace, claim, directory }: RestoreFlags): object {
  if (inPlace !== undefined) return { inPlace: { instanceRef: { name: inPlace } } }
  return { claim: { name: claim, ...(directory === undefined ? {} : { directory }) } }
}

/** The plan is what is asked for: it is waited for in any case. */
async function plan(
  cluster: Cluster,
  terminal: Terminal,
  { object, flags }: { object: KubeObject; flags: OverFlags },
): Promise<ExitCode> {
  await lookAt(cluster, flags)
  const { metadata } = await create(cluster, { resource: meiliRestores, object, dryRun: false })
  return await followToEnd(cluster, terminal, {
    ...flags,
    name: metadata.name,
    followed: followedRestore(cluster),
  })
}

async function lookAt(cluster: Cluster, { inPlace, snapshot }: OverFlags): Promise<void> {
  if (inPlace !== undefined) await cluster.instance(inPlace)
  await lookAtSource(cluster, sourceOf(snapshot))
}
