// Writes objects that a cluster really held into examples/gitops, in the layout of Argo CD's resource_customizations: one of each state, with what
// the health script says of it.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { contract, kinds, stateOf } from './states.ts'
import type { Judged, Kind } from './states.ts'
import { customization, verdictsOf } from './verdicts.ts'

const directory = (kind: Kind): string =>
  fileURLToPath(new URL(`../../examples/gitops/${customization(kind)}`, import.meta.url))

/** Where an object was is nobody's business, nor is who wrote which field. */
function scrub(object: Judged, namespace: string): Judged {
  const text = JSON.stringify(object, (member, value: unknown) => (member === 'managedFields' ? undefined : value))
  return JSON.parse(text.replaceAll(namespace, 'shop')) as Judged
}

/**
 * Of the kinds that are among them.
 * @param objects in the order of time; of each state the last is kept, of those that pass it is the fullest
 */
export async function recordExamples(objects: readonly Judged[], namespace: string): Promise<void> {
  for (const kind of kinds.filter((each) => objects.some((object) => object.kind === each))) {
    const found = Object.keys(contract[kind]).flatMap((state) => {
      const object = objects.findLast((candidate) => candidate.kind === kind && stateOf(candidate) === state)
      return object === undefined ? [] : [{ state, object: scrub(object, namespace) }]
    })
    const verdicts = await verdictsOf(found.map(({ object }) => object))
    mkdirSync(`${directory(kind)}/testdata`, { recursive: true })
    for (const name of readdirSync(`${directory(kind)}/testdata`)) rmSync(`${directory(kind)}/testdata/${name}`)
    for (const { state, object } of found)
      writeFileSync(`${directory(kind)}/testdata/${state}.yaml`, stringify(object, { version: '1.1', lineWidth: 0 }))
    const tests = found.map(({ state }, index) => ({
      inputPath: `testdata/${state}.yaml`,
      healthStatus: { status: verdicts[index]?.argo.status, message: verdicts[index]?.argo.message },
    }))
    writeFileSync(`${directory(kind)}/health_test.yaml`, stringify({ tests }, { version: '1.1', lineWidth: 0 }))
  }
}
