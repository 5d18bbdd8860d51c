// npm run bench:instance [-- --json]: from apply to Ready, a managed instance beside the plain StatefulSet applied by hand, turn by turn on the
// same cluster. The last line is one JSON object. Nothing is asserted.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { meilisearchImage } from '../test/cluster/images/images.ts'
import { driveCluster } from '../test/demo/drive.ts'
import { install, namespace } from '../test/demo/inside.ts'
import { Kubectl } from '../test/support/kubernetes/kubectl.ts'
import { managedOf } from '../test/support/meilisearch/managed-objects.ts'
import { secretOf, statefulSetOf } from '../test/support/meilisearch/objects.ts'
import { median, toHundredths, secondsOf } from './measure/figures.ts'

const rounds = 7

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)

async function measure(): Promise<void> {
  const kubectl = new Kubectl({
    kubectl: process.env['E2E_KUBECTL'] ?? 'kubectl',
    kubeconfig: process.env['E2E_KUBECONFIG'] ?? '',
  })
  await install(kubectl, join(import.meta.dirname, '..'))
  await kubectl.run(['create', 'namespace', namespace])
  const inNamespace = async (...args: readonly string[]): Promise<string> =>
    await kubectl.run(['-n', namespace, ...args])
  const timeManaged = async (name: string): Promise<number> =>
    await secondsOf(async () => {
      await kubectl.apply(managedOf({ namespace, name }))
      await inNamespace('wait', `meiliinstance/${name}`, '--for=condition=Ready', '--timeout=120s')
    })
  const timePlain = async (name: string): Promise<number> => {
    const options = { namespace, name, image: meilisearchImage, masterKey: randomBytes(24).toString('base64url') }
    return await secondsOf(async () => {
      await kubectl.apply(secretOf(options), statefulSetOf(options))
      await inNamespace('wait', `pod/${name}-0`, '--for=create', '--timeout=60s')
      await inNamespace('wait', `pod/${name}-0`, '--for=condition=Ready', '--timeout=120s')
    })
  }
  const turns: { readonly managed: number; readonly plain: number }[] = []
  // A first turn warms the image and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const turn = { managed: await timeManaged(`managed-${round}`), plain: await timePlain(`plain-${round}`) }
    await inNamespace(
      'delete',
      'meiliinstance,statefulset',
      `managed-${round}`,
      `plain-${round}`,
      '--ignore-not-found',
      '--timeout=60s',
    )
    if (round > 0) turns.push(turn)
  }
  const result = {
    rounds,
    managedSeconds: toHundredths(median(turns.map((turn) => turn.managed))),
    plainSeconds: toHundredths(median(turns.map((turn) => turn.plain))),
    addedSeconds: toHundredths(median(turns.map((turn) => turn.managed - turn.plain))),
  }
  say(` managed instance: apply → Ready     ${result.managedSeconds} s   median of ${rounds} turns`)
  say(` plain StatefulSet: apply → Ready    ${result.plainSeconds} s`)
  say(
    ` what the operator adds              ${result.addedSeconds} s   goal: less than 1 s; claim, key, Service and both API keys are made in it`,
  )
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

if (process.env['E2E_KUBECONFIG'] === undefined) {
  process.exitCode = await driveCluster({
    title: 'bench:instance · a managed instance beside a plain StatefulSet',
    program: import.meta.filename,
    json: values.json,
    keep: false,
  })
} else {
  await measure()
}
