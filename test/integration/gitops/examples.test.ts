// The values that the GitOps examples give the chart are ones that it takes, and do what the examples say.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { kinds } from '../../../src/api/kinds.ts'
import { read } from '../../gitops/verdicts.ts'
import { chart, Helm } from '../../support/delivery/helm.ts'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly source?: { readonly helm?: { readonly valuesObject?: object } }; readonly values?: object }
}

let helm: Helm
beforeAll(async () => {
  helm = await Helm.of()
})
afterAll(() => helm[Symbol.dispose]())

const manifests = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest)
const render = async (values: object | undefined): Promise<Manifest[]> =>
  manifests(await helm.run(['template', 'meili-operator', chart], values))
const manifestNamed = (path: string, name: string): Manifest =>
  manifests(read(path)).find(({ kind, metadata }) => metadata.name === name && kind !== 'GitRepository')!

test('with the values of the Argo CD Application, the CRDs are neither pruned nor deleted', async () => {
  const crds = (
    await render(manifestNamed('argocd/application.yaml', 'meili-operator').spec.source?.helm?.valuesObject)
  ).filter(({ kind }) => kind === 'CustomResourceDefinition')
  expect(crds).toHaveLength(kinds.length)
  for (const { metadata } of crds)
    expect(metadata.annotations).toMatchObject({
      'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
      'helm.sh/resource-policy': 'keep',
    })
})

test('with the values of the HelmRelease, the CRDs are among the templates: they are upgraded with the release', async () => {
  expect(
    (await render(manifestNamed('flux/operator.yaml', 'meili-operator').spec.values)).filter(
      ({ kind }) => kind === 'CustomResourceDefinition',
    ),
  ).toHaveLength(kinds.length)
})
