// kubectl meili schedule preview: what a schedule will do, one of the cluster or one in a file that is not applied yet. Changes nothing.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseAllDocuments } from 'yaml'
import { runOf } from '../../kinds/schedule/run.ts'
import type { Run } from '../../kinds/schedule/run.ts'
import { apiVersion } from '../../api/group.ts'
import { meiliSnapshotSchedules, scheduleLabel } from '../../api/schedule.ts'
import { meiliSnapshots } from '../../api/snapshot.ts'
import { scheduleLabelValue } from '../../reconcile/names/schedule.ts'
import type { Cluster, Schedule, Snapshot } from '../cluster.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formatValue } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { previewLines, previewOf } from '../view/preview.ts'

export interface PreviewFlags {
  readonly name: string | undefined
  readonly filename: string | undefined
  readonly format: 'json' | 'yaml' | undefined
}

export async function runPreview(cluster: Cluster, terminal: Terminal, flags: PreviewFlags): Promise<ExitCode> {
  const schedule = await scheduleOf(cluster, flags)
  const preview = previewOf(schedule, await runsOf(cluster, schedule), Date.now())
  if (flags.format !== undefined) terminal.document(formatValue(preview, flags.format))
  else for (const line of previewLines(preview)) terminal.line(line)
  return exitCodes.done
}

async function scheduleOf(cluster: Cluster, { name, filename }: PreviewFlags): Promise<Schedule> {
  if (filename !== undefined) return await ofFile(cluster, filename, name)
  if (name === undefined)
    throw new UserError('Which schedule? kubectl meili schedule preview NAME, or -f FILE.', exitCodes.usage)
  return await cluster.schedule(name)
}

/** As it would be once it is applied: the API server reads it, and creates nothing; what the cluster has of it already stays. */
async function ofFile(cluster: Cluster, filename: string, name: string | undefined): Promise<Schedule> {
  const given = oneOf(documentsIn(filename).filter(isSchedule), { filename, name })
  const namespace = given.metadata.namespace ?? cluster.namespace
  const there = await cluster.kube.find<Schedule>(meiliSnapshotSchedules, { namespace, name: given.metadata.name })
  // A name that is taken would be refused before the rest is looked at.
  const asked = { ...given.metadata, namespace, name: there === undefined ? given.metadata.name : previewName }
  const object = { apiVersion, kind: meiliSnapshotSchedules.kind, metadata: asked, spec: given.spec }
  const read = await cluster.kube.create<Schedule>(meiliSnapshotSchedules, object as Schedule, { dryRun: true })
  return there === undefined ? read : { ...there, spec: read.spec }
}

const previewName = 'kubectl-meili-preview'

type Given = Pick<Schedule, 'spec'> & { readonly metadata: { readonly name: string; readonly namespace?: string } }

function isSchedule(document: unknown): document is Given {
  const { kind, metadata } = (document ?? {}) as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } }
  return (
    kind === meiliSnapshotSchedules.kind &&
    typeof metadata?.name === 'string' &&
    ['string', 'undefined'].includes(typeof metadata.namespace)
  )
}

function oneOf(all: readonly Given[], { filename, name }: { filename: string; name: string | undefined }): Given {
  const found = name === undefined ? all : all.filter(({ metadata }) => metadata.name === name)
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const what = `MeiliSnapshotSchedule${name === undefined ? '' : ` ${name}`}`
  throw new UserError(
    first === undefined
      ? `There is no ${what} in ${filename}.`
      : `There are ${found.length} in ${filename}: name one of ${found.map(({ metadata }) => metadata.name).join(', ')}.`,
  )
}

function documentsIn(filename: string): unknown[] {
  try {
    const text = readFileSync(filename === '-' ? process.stdin.fd : filename, 'utf8')
    return parseAllDocuments(text).map((document) => {
      const [error] = document.errors
      if (error !== undefined) throw error
      return document.toJS() as unknown
    })
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new UserError(`${filename} cannot be read: ${message}`)
  }
}

async function runsOf({ kube }: Cluster, { metadata: { namespace, name } }: Schedule): Promise<readonly Run[]> {
  const labelSelector = `${scheduleLabel}=${scheduleLabelValue(name)}`
  return (await kube.listAll<Snapshot>(meiliSnapshots, { namespace, labelSelector })).map(runOf)
}
