// Every command of README and of the quick start, typed in their order into one shell each, in a fresh copy of the project on the real cluster.
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
// One after the other: the quick start uses what README has built.
const pages = ['README.md', 'docs/quick-start.md']

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

  describe.each(pages)('%s', (page) => {
    const steps = runnable(readFileSync(join(repository, page), 'utf8'))
    let session: Session | undefined

    beforeAll(async () => {
      await removeOperator()
      session = reader?.session()
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
