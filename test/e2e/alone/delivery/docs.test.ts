// Every command of README, of the quick start and of the page on restores, typed in their order into one shell each, in a fresh copy of the project on
// the real cluster.
// What a page marks as not run is listed. This file takes the operator away, and leaves none behind.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { runnable } from '../../../docs/blocks.ts'
import { follow, linesNotRun, toRun } from '../../../docs/page.ts'
import { Reader } from '../../../docs/reader.ts'
import type { Session } from '../../../docs/session.ts'
import { elsewhere, whyElsewhere } from '../../support/on-test-cluster.ts'
import { kubectl, removeOperator } from '../../support/world.ts'

const repository = join(import.meta.dirname, '../../../..')
/** What whoever reads about restores has: an operator, a server with documents, and a snapshot of it. As the quick start makes them. */
const snapshotTaken = `
sed 's#meili-operator/operator:#registry.example.com/meili-operator:#' install.yaml | kubectl apply --server-side -f -
kubectl -n meili-operator-system rollout status deployment/meili-operator --timeout=120s
install -m 755 dist/kubectl-meili.cjs ~/.local/bin/kubectl-meili
kubectl create namespace shop && kubectl config set-context --current --namespace=shop
kubectl apply -f examples/managed.yaml
kubectl wait --for=condition=Applied meiliinstance/movies --timeout=3m
key=$(kubectl get secret movies-keys -o jsonpath='{.data.MEILI_MASTER_KEY}' | base64 -d)
kubectl port-forward service/movies 7700 > /dev/null &
seq 1000 | sed 's/.*/{"id": &, "title": "Film &"}/' |
  curl -sS --fail --retry 10 --retry-connrefused -H "Authorization: Bearer $key" -H 'Content-Type: application/x-ndjson' \
    --data-binary @- localhost:7700/indexes/films/documents
kill %1
kubectl apply -f examples/snapshot.yaml
kubectl wait --for=condition=Complete msnap/first --timeout=3m`

// One after the other: all others use what README has built.
const pages = [
  { page: 'README.md', before: undefined },
  { page: 'docs/quick-start.md', before: undefined },
  { page: 'docs/restore.md', before: snapshotTaken },
]

describe.skipIf(elsewhere)(`the docs${whyElsewhere}`, () => {
  let reader: Reader | undefined

  beforeAll(async () => {
    const outside = Number(process.env['E2E_OUTSIDE'])
    reader = await Reader.withTools({
      kubectl: process.env['E2E_KUBECTL'] ?? '',
      kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
      outside,
      log: console.log,
    })
  })
  afterAll(async () => {
    await removeOperator()
    reader?.[Symbol.dispose]()
  })

  describe.each(pages)('$page', ({ page, before }) => {
    const steps = runnable(readFileSync(join(repository, page), 'utf8'))
    let session: Session | undefined

    beforeAll(async () => {
      await removeOperator()
      session = reader?.session()
      if (before === undefined) return
      const { code, printed } = (await session?.run(before, 400_000)) ?? { code: 1, printed: 'there is no shell' }
      if (code !== 0) throw new Error(`what ${page} takes for granted cannot be made:\n${printed}`)
    })
    afterAll(async () => {
      session?.[Symbol.dispose]()
      for (const line of linesNotRun(page, steps)) console.log(`not run: ${line}`)
      await kubectl.run(['delete', 'namespace', 'shop', '--ignore-not-found', '--wait', '--timeout=120s'])
    })

    test.each(toRun(steps))(`$line: $command`, async (step) => {
      if (session === undefined) throw new Error('there is no shell')
      await follow(session, step)
    })
  })
})
