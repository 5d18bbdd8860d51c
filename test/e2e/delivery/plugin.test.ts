// The plugin on the real cluster, as a user at a terminal: adopt a server, take a snapshot and follow it live, look at everything.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { Plugin } from '../../support/kubernetes/plugin.ts'
import { kubectl, ownWorld } from '../support/world.ts'

describe('kubectl meili', () => {
  const world = ownWorld()
  let plugin: Plugin

  beforeAll(async () => {
    plugin = await Plugin.beside({
      kubectl: process.env['E2E_KUBECTL'] ?? '',
      kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
    })
    await (await world.serve('movies')).load(20_000)
  })
  afterAll(() => {
    plugin[Symbol.dispose]()
  })

  test('adopt prints an instance that the operator finds Ready, snapshots and all', async () => {
    await kubectl.run(['-n', world.namespace, 'delete', 'meiliinstance', 'movies'])
    const { code, out, err } = await plugin.kubectl(['meili', 'adopt', 'statefulset/movies', '-n', world.namespace])
    expect({ code, err }).toEqual({
      code: 0,
      err: 'Snapshots are written to /meili_data/snapshots, on claim data-movies-0.\n',
    })
    expect((parse(out) as MeiliInstance).spec.existing).toMatchObject({
      apiKeySecretRef: { name: 'movies-keys', key: 'MEILI_MASTER_KEY' },
    })
    await kubectl.run(['apply', '-f', '-'], { input: out })
    for (const condition of ['Ready', 'SnapshotVolumeReady'])
      await kubectl.run([
        '-n',
        world.namespace,
        'wait',
        'meiliinstance/movies',
        `--for=condition=${condition}`,
        '--timeout=60s',
      ])
  })

  test('snapshot create --wait shows it live until it is done', async () => {
    const { code, out } = await plugin.onTerminal([
      'snapshot',
      'create',
      'movies',
      '--name',
      'live',
      '--claim',
      'backups',
      '--size',
      '1Gi',
      '--wait',
      '--timeout',
      '3m',
      '-n',
      world.namespace,
    ])
    expect(code, out).toBe(0)
    const seen = ['New', 'Pending', 'Snapshotting', 'Moving', 'Verifying'].filter((phase) =>
      out.includes(`live  ${phase}`),
    )
    expect(seen, out).toContain('Snapshotting')
    expect(out).toContain('\r\u001b[K')
    const last = out.trimEnd().split('\n').at(-1) ?? ''
    expect(last.slice(last.lastIndexOf('\u001b[K') + 3)).toMatch(
      /✓.* live completed in \d+s: .*, sha256 [0-9a-f]{64}, on claim backups at movies\/live-[0-9a-f]{8}\./,
    )
  })

  test('status and doctor find nothing wrong, in the rights of the real installation', async () => {
    const status = await plugin.kubectl(['meili', 'status', '-n', world.namespace])
    expect(status.out).toMatch(/^movies +1\.21\.0 +yes +20,000 +\S+ MiB +live +\d+[sm] +\S+ MiB$/m)
    expect(status.out).not.toContain('✗')
    const doctor = await plugin.kubectl(['meili', 'doctor', '-n', world.namespace])
    expect(doctor.code, doctor.out).toBe(0)
    expect(doctor.out).toMatch(/✓ operator running: meili-operator-\S+ \(leader since /)
    expect(doctor.out).toMatch(/✓ claim \S+\/backups: \S+ GiB free \d+[sm] ago, space for about /)
    expect(doctor.out).toMatch(/^0 problems, 0 warnings$/m)
  })
})
