// The alerts by Prometheus' own judge: well formed, firing when they should, silent when they should be.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { noPromtool, promtool, whyNoPromtool } from '../../support/prometheus/promtool.ts'

const alerts = join(import.meta.dirname, '../../../charts/meili-operator/files/alerts.yaml')
const cases = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.promtool.yaml'))

describe.skipIf(noPromtool)(`alerts.yaml${whyNoPromtool}`, () => {
  test('is well formed', async () => {
    const { isGood, output } = await promtool(['check', 'rules', alerts])
    expect(isGood, output).toBe(true)
  })

  test.each(cases)('does as %s says', async (name) => {
    const { isGood, output } = await promtool(['test', 'rules', join(import.meta.dirname, name)])
    expect(isGood, output).toBe(true)
  })
})
