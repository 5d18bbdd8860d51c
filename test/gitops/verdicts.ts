// Asks the tools themselves (verdicts/, a Go program on their own libraries) what they say of objects, with the scripts and expressions of examples/gitops.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'
import { silent } from '../cluster/build/cache.ts'
import { ensureBinaries } from '../cluster/build/binaries.ts'
import type { Kind } from './states.ts'

interface Verdict {
  readonly status: string
  readonly message?: string
}

export interface Verdicts {
  readonly kstatus: Verdict
  readonly argo: Verdict
  readonly flux: Verdict
}

interface Kustomization {
  readonly spec: { readonly healthCheckExprs?: readonly { readonly apiVersion: string; readonly kind: string }[] }
}

const examples = new URL('../../examples/gitops/', import.meta.url)

export const read = (path: string): string => readFileSync(new URL(path, examples), 'utf8')

/** Where Argo CD's own tests would look for the health script of a kind. */
export const customization = (kind: Kind): string => `argocd/resource_customizations/meili-operator.dev/${kind}`

export function healthCheckExprs(kind: Kind): Readonly<Record<string, string>> {
  const kustomizations = parseAllDocuments(read('flux/search.yaml')).map((document) => document.toJS() as Kustomization)
  const found = kustomizations.flatMap(({ spec }) => spec.healthCheckExprs ?? []).find((exprs) => exprs.kind === kind)
  if (found === undefined) throw new Error(`flux/search.yaml has no healthCheckExprs for ${kind}`)
  const { apiVersion: _, kind: __, ...exprs } = found
  return exprs
}

/** In the order of the objects. @throws with the tool's own words where a script or an expression cannot be run */
export async function verdictsOf(objects: readonly { readonly kind: string }[]): Promise<readonly Verdicts[]> {
  const { verdicts: program } = await ensureBinaries(['verdicts'], silent)
  const questions = objects.map((object) => ({
    object,
    lua: read(`${customization(object.kind as Kind)}/health.lua`),
    exprs: healthCheckExprs(object.kind as Kind),
  }))
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
  const [out, complaint] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  const answers = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Verdicts)
  if (answers.length !== objects.length)
    throw new Error(`verdicts answered ${answers.length} of ${objects.length} questions: ${complaint}`)
  return answers
}
