// The control plane of the integration tests answers, keeps its data, and leaves nothing behind, however the process that started it ends.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeClient } from '../../../src/kube/client.ts'
import { connect as connectTo } from '../../../src/kube/connection.ts'
import { configMaps } from '../../../src/kube/resource.ts'
import { startControlPlane } from '../../cluster/control-plane/control-plane.ts'
import type { ControlPlane } from '../../cluster/control-plane/control-plane.ts'
import { alive, children, identify } from '../../cluster/process/process-identity.ts'
import type { ProcessIdentity } from '../../cluster/process/process-identity.ts'
import { Kubectl } from '../../support/kubernetes/kubectl.ts'

const planes: ControlPlane[] = []
const drivers: ChildProcess[] = []
/** Lives through all the tests: what the others leave alone. */
let plane: ControlPlane
beforeAll(async () => {
  plane = await start()
}, 120_000)
afterAll(async () => {
  await Promise.all([...planes.map((one) => one.stop()), ...drivers.map((driver) => end(driver, 'SIGKILL'))])
})

async function start(): Promise<ControlPlane> {
  const started = await startControlPlane()
  planes.push(started)
  return started
}

interface Driven {
  readonly driver: ChildProcess
  readonly stateDirectory: string
  readonly server: string
  readonly kubeconfig: string
}

/** A control plane whose parent is a process of its own. */
async function drive(): Promise<Driven> {
  const driver = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../support/kubernetes/drivers/control-plane.ts')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  drivers.push(driver)
  for await (const line of createInterface({ input: driver.stdout }))
    return { driver, ...(JSON.parse(line) as Omit<Driven, 'driver'>) }
  throw new Error('The driver ended before its control plane was ready: see above.')
}

async function end(driver: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (driver.exitCode !== null || driver.signalCode !== null) return
  const closed = once(driver, 'exit')
  driver.kill(signal)
  await closed
}

/** etcd and kube-apiserver of a process. */
const programsOf = (pid: number): ProcessIdentity[] => children(pid).map(identify)
const names = (programs: readonly ProcessIdentity[]): string[] =>
  programs.map(({ pid }) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toSorted()

async function listens(server: string): Promise<boolean> {
  const socket = connect(Number(new URL(server).port), '127.0.0.1')
  const answer = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return answer
}

async function expectGone({
  programs,
  servers,
}: {
  programs: readonly ProcessIdentity[]
  servers: readonly string[]
}): Promise<void> {
  await expect.poll(() => programs.filter(alive)).toEqual([])
  // A process that was killed counts as dead while the kernel still closes what it had open.
  for (const server of servers) await expect.poll(() => listens(server)).toBe(false)
}

describe('a control plane', () => {
  test('answers, serves its API to kubectl and to our client, and tells in its audit log who wrote what', async () => {
    const kubectl = new Kubectl(plane)
    expect(await kubectl.run(['get', '--raw', '/readyz'])).toBe('ok')
    const kube = new KubeClient(connectTo(plane.kubeconfig))
    await kube.create(configMaps, { metadata: { namespace: 'default', name: 'written' } })
    await kube.close()
    const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>([
      'get',
      'configmaps',
      '-n',
      'default',
    ])
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['written'])
    const entries = (): object[] =>
      readFileSync(plane.auditLog, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)
    await expect.poll(entries).toContainEqual(
      expect.objectContaining({
        verb: 'create',
        user: expect.objectContaining({ username: 'admin' }) as object,
        objectRef: expect.objectContaining({ resource: 'configmaps', name: 'written' }) as object,
      }),
    )
    expect(statSync(plane.kubeconfig).mode & 0o077, 'nobody else reads the administrator’s key').toBe(0)
  })

  test('whose API server is stopped and started again has the same data at the same place', async () => {
    const kubectl = new Kubectl(plane)
    await kubectl.run(['create', 'configmap', 'kept'])
    await plane.stopApiServer()
    await expect.poll(() => listens(plane.server)).toBe(false)
    expect(await listens(plane.etcd), 'etcd stays').toBe(true)
    await plane.startApiServer()
    expect(await kubectl.run(['get', 'configmap', 'kept', '-o', 'name'])).toBe('configmap/kept\n')
  })

  test('that is stopped leaves no process, no listener and no directory, and does not touch its neighbour', async () => {
    const before = programsOf(process.pid)
    const other = await start()
    const programs = programsOf(process.pid).filter(({ pid }) => before.every((known) => known.pid !== pid))
    expect(names(programs)).toEqual(['etcd', 'kube-apiserver'])
    expect(other.server).not.toBe(plane.server)
    await other.stop()
    await expectGone({ programs, servers: [other.server, other.etcd] })
    expect(existsSync(other.stateDirectory)).toBe(false)
    expect(programsOf(process.pid)).toEqual(before)
    expect(await new Kubectl(plane).run(['get', '--raw', '/readyz'])).toBe('ok')
  })
})

test.skipIf(process.platform !== 'linux')(
  'a control plane ends with its driver, whether that exits or is killed, and what then lies on disk goes with the next start',
  async () => {
    const [exits, killed] = await Promise.all([drive(), drive()])
    const driven = [exits, killed]
    const programs = driven.flatMap(({ driver }) => programsOf(driver.pid!))
    expect(names(programs)).toEqual(['etcd', 'etcd', 'kube-apiserver', 'kube-apiserver'])
    for (const { kubeconfig, server } of [...driven, plane]) {
      expect(existsSync(kubeconfig), 'a start beside it leaves what is in use').toBe(true)
      expect(await listens(server)).toBe(true)
    }

    await Promise.all([end(exits.driver, 'SIGTERM'), end(killed.driver, 'SIGKILL')])
    await expectGone({ programs, servers: driven.map(({ server }) => server) })
    expect(driven.map(({ stateDirectory }) => existsSync(stateDirectory))).toEqual([true, true])

    await start()
    expect(driven.map(({ stateDirectory }) => existsSync(stateDirectory))).toEqual([false, false])
    expect(await new Kubectl(plane).run(['get', '--raw', '/readyz']), 'what is in use stays').toBe('ok')
  },
)
