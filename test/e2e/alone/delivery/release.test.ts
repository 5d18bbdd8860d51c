// A release as its users meet it: made by the one command, checked, made again by somebody else, put on a cluster by its file and by its chart.
import { execFileSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../../../package.json' with { type: 'json' }
import { command } from '../../../cluster/process/command.ts'
import { schemaFaults } from '../../../support/delivery/cyclonedx.ts'
import { Helm } from '../../../support/delivery/helm.ts'
import {
  copyTree,
  machinesUnder,
  makeRelease,
  repository,
  unpackImage,
} from '../../../support/delivery/released-files.ts'
import { elsewhere, testCluster, whyElsewhere } from '../../support/on-test-cluster.ts'
import { installOperator, kubectl, operatorNamespace } from '../../support/world.ts'

const { version } = manifest
const image = (platform: string): string => `meili-operator-${version}-image-linux-${platform}.tar.gz`
const operatorImages = ['-o', 'jsonpath={.items[*].spec.containers[*].image}']

describe.skipIf(elsewhere)(`a release${whyElsewhere}`, () => {
  let work = ''
  let released = ''
  const read = (name: string): string => readFileSync(join(released, name), 'utf8')
  const sums = (directory: string): readonly string[] =>
    readFileSync(join(directory, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'release-test-'))
    released = join(work, 'one')
    await makeRelease({ out: released })
  })

  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test('has all its files, and their sums are right', async () => {
    const images = ['amd64', 'arm64'].flatMap((platform) => [
      image(platform),
      image(platform).replace('.tar.gz', '.cdx.json'),
    ])
    const others = [
      'LICENSE',
      'SHA256SUMS',
      'crds.yaml',
      'install-streaming.yaml',
      'install.yaml',
      'kubectl-meili.cdx.json',
      'kubectl-meili.cjs',
      'third-party-licenses.txt',
    ]
    expect(readdirSync(released).toSorted()).toEqual([...images, ...others, `meili-operator-${version}.tgz`].toSorted())
    expect(sums(released)).toHaveLength(readdirSync(released).length - 1)
    await command('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: released })
  })

  test('is the same bytes, made elsewhere, later, by somebody with another umask, zone and language', async () => {
    const copy = join(work, 'some/where/else')
    const environment = { ...copyTree(copy), TZ: 'Pacific/Auckland', LANG: 'C', LC_ALL: 'C' }
    const again = join(work, 'two')
    await makeRelease({ root: copy, out: again, args: ['--platform', 'linux/amd64'], umask: '077', environment })
    expect(sums(again)).toEqual(sums(released).filter((line) => !line.includes('arm64')))
  })

  test('says truly what it is made of', async () => {
    for (const name of readdirSync(released).filter((each) => each.endsWith('.cdx.json')))
      expect(await schemaFaults(read(name)), name).toBeNull()
    const plugin = read('kubectl-meili.cdx.json')
    expect(plugin).toContain(`pkg:npm/commander@${manifest.dependencies.commander}`)
    expect(plugin).not.toContain('pkg:npm/pino@')
    for (const name of ['undici', 'zod', 'yaml', '@kubernetes/client-node'])
      expect(read('third-party-licenses.txt')).toContain(`\n${name} `)
  })

  test.each([
    ['amd64', 62],
    ['arm64', 183],
  ])('has an image for %s whose programs are all for that machine', async (platform, machine) => {
    const { root, config } = await unpackImage(join(released, image(platform)), join(work, platform))
    const machines = machinesUnder(root)
    expect(machines.has('/nodejs/bin/node')).toBe(true)
    expect(machines.size).toBeGreaterThan(5)
    expect([...machines].filter(([, found]) => found !== machine)).toEqual([])
    const sbom = readFileSync(join(root, 'app/sbom.cdx.json'), 'utf8')
    expect(sbom).toBe(read(image(platform).replace('.tar.gz', '.cdx.json')))
    expect(sbom).toContain(`arch=${platform}`)
    const [revision, time] = execFileSync('git', ['-C', repository, 'log', '-1', '--format=%H %ct'], {
      encoding: 'utf8',
    })
      .trim()
      .split(' ')
    expect(config).toMatchObject({ architecture: platform, config: { User: '65532:65532' } })
    expect(Date.parse(config.created)).toBe(Number(time) * 1000)
    expect(config.config.Labels).toMatchObject({
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.revision': expect.stringMatching(new RegExp(`^${revision}(-dirty)?$`)) as unknown,
      'org.opencontainers.image.base.name': expect.stringContaining(process.versions.node) as unknown,
      'org.opencontainers.image.description': expect.stringContaining('in place of distroless') as unknown,
    })
  })

  test('brings a plugin that runs as it is', async () => {
    expect(await command(process.execPath, [join(released, 'kubectl-meili.cjs'), '--version'])).toContain(version)
  })

  describe('on a cluster', () => {
    beforeAll(async () => {
      const archive = join(work, 'image.tar')
      await pipeline(createReadStream(join(released, image('amd64'))), createGunzip(), createWriteStream(archive))
      await testCluster().loadImage(archive)
    })

    // The other files of the suite test the programs as they are in dist/.
    afterAll(installOperator)

    test('is installed by its file, with its own image', async () => {
      await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', join(released, 'install.yaml')])
      await kubectl.run(['-n', operatorNamespace, 'rollout', 'status', 'deployment/meili-operator', '--timeout=120s'])
      const pods = [
        '-n',
        operatorNamespace,
        'get',
        'pods',
        '-l',
        'app.kubernetes.io/component=operator',
        '--field-selector=status.phase=Running',
      ]
      expect(await kubectl.run([...pods, ...operatorImages])).toContain(`meili-operator/operator:${version}`)
    })

    test('is installed by its chart, with its own image', async () => {
      const namespace = 'release-chart'
      using helm = await Helm.of(testCluster().kubeconfig)
      const place = ['--namespace', namespace]
      await helm.run(
        [
          'install',
          'released',
          join(released, `meili-operator-${version}.tgz`),
          ...place,
          '--create-namespace',
          '--wait',
          '--timeout',
          '120s',
        ],
        { watchNamespaces: [namespace] },
      )
      expect(await kubectl.run(['-n', namespace, 'get', 'pods', ...operatorImages])).toBe(
        `meili-operator/operator:${version}`,
      )
      await helm.plain('uninstall', 'released', ...place, '--wait')
      await kubectl.run(['delete', 'namespace', namespace, '--wait=false'])
    })
  })
})
