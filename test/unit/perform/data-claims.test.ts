// The claims with a server's data: exchanged behind a fence or not at all, by one write, and only as they were seen.
import { beforeEach, describe, expect, test } from 'vitest'
import { databaseVersionAnnotation } from '../../../src/api/instance.ts'
import { dataGenerationAnnotation, meiliRestores, restoredFromAnnotation } from '../../../src/api/restore.ts'
import { Conflict, TransientError } from '../../../src/errors.ts'
import { persistentVolumeClaims } from '../../../src/kube/resource.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { Connections } from '../../../src/perform/meilisearch-connections.ts'
import { Performer } from '../../../src/perform/perform.ts'
import type { ClaimSeen, DataSwitch, Effect, Fact } from '../../../src/reconcile/decision.ts'
import type { Subject } from '../../../src/reconcile/kind.ts'
import { readClocks } from '../../../src/runtime/clocks.ts'
import type { Moment } from '../../../src/runtime/clocks.ts'
import { KubeInMemory, refusal } from '../../support/kubernetes/kube-in-memory.ts'

const ref = { namespace: 'shop', name: 'movies-data-2' }
let kube: KubeInMemory
let leader: boolean
let claim: ClaimSeen

beforeEach(() => {
  kube = new KubeInMemory()
  leader = true
  const { metadata } = kube.lay<KubeObject>(persistentVolumeClaims, {
    metadata: { ...ref, annotations: { theirs: 'stays', [databaseVersionAnnotation]: '1.20.0' } },
  })
  claim = { name: ref.name, uid: metadata.uid ?? '', resourceVersion: metadata.resourceVersion ?? '' }
})

const stood: Moment = { monotonicMs: 100_000, wallMs: 100_000 }
const clocks = { monotonicMs: (): number => stood.monotonicMs, wallMs: (): number => stood.wallMs }
const written = (agoMs: number): Moment => ({ monotonicMs: stood.monotonicMs - agoMs, wallMs: stood.wallMs - agoMs })

const perform = async (effect: Effect, subject: Partial<Subject> = {}): Promise<Fact | undefined> =>
  await new Performer({
    kube,
    connections: new Connections(kube),
    isLeader: () => leader,
    record: () => undefined,
    clocks,
  }).perform(effect, {
    resource: meiliRestores,
    object: { metadata: { namespace: 'shop', name: 'back' } },
    writtenAt: readClocks(clocks),
    ...subject,
  })

const there = (): KubeObject | undefined => kube.peek(persistentVolumeClaims, ref)
const annotations = (): unknown => there()?.metadata.annotations
/** Somebody changes it: another resourceVersion. */
const touch = (): unknown => kube.lay(persistentVolumeClaims, there() as KubeObject)

describe('SwitchData', () => {
  const switchData = (more: Partial<DataSwitch> = {}): Effect => ({
    kind: 'SwitchData',
    claim,
    generation: 2,
    restoredFrom: '{"restore":"back"}',
    databaseVersion: '1.21.0',
    ...more,
  })
  const untouched = { theirs: 'stays', [databaseVersionAnnotation]: '1.20.0' }

  test('one write says which generation it is, where it comes from and of which version, and that is a fact', async () => {
    const writes: string[] = []
    kube.before = ({ verb, name }) => void writes.push(`${verb} ${name}`)
    expect(await perform(switchData())).toEqual({ kind: 'DataSwitched', claimName: ref.name, generation: 2 })
    expect(annotations()).toEqual({
      theirs: 'stays',
      [dataGenerationAnnotation]: '2',
      [restoredFromAnnotation]: '{"restore":"back"}',
      [databaseVersionAnnotation]: '1.21.0',
    })
    expect(writes).toEqual([`patch ${ref.name}`])
  })

  test('on the way back the claim keeps what it says of itself', async () => {
    const back: Effect = { kind: 'SwitchData', claim, generation: 3 }
    await perform(back)
    expect(annotations()).toEqual({ ...untouched, [dataGenerationAnnotation]: '3' })
  })

  test('a pass that wrote no status exchanges nothing', async () => {
    await expect(perform(switchData(), { writtenAt: undefined })).rejects.toBeInstanceOf(Conflict)
    expect(annotations()).toEqual(untouched)
  })

  test('nor does one whose write is too old: another leader may have started the server again by now', async () => {
    await expect(perform(switchData(), { writtenAt: written(5001) })).rejects.toBeInstanceOf(Conflict)
    expect(annotations()).toEqual(untouched)
    await perform(switchData(), { writtenAt: written(5000) })
    expect(annotations()).not.toEqual(untouched)
  })

  test('nor does whoever is not the leader any more', async () => {
    leader = false
    await expect(perform(switchData())).rejects.toBeInstanceOf(Conflict)
    expect(annotations()).toEqual(untouched)
  })

  test('a claim that somebody changed since it was seen stays as it is', async () => {
    touch()
    await expect(perform(switchData())).rejects.toBeInstanceOf(Conflict)
    expect(annotations()).toEqual(untouched)
  })

  test('another claim of that name stays as it is', async () => {
    await expect(perform(switchData({ claim: { ...claim, uid: 'another' } }))).rejects.toBeInstanceOf(Conflict)
    expect(annotations()).toEqual(untouched)
  })

  test('a claim that is gone, and a refusal, are facts', async () => {
    kube.before = () => {
      throw refusal(403, 'Forbidden', 'a policy says no')
    }
    expect(await perform(switchData())).toMatchObject({ kind: 'Refused', effect: 'SwitchData' })
    kube.before = () => undefined
    kube.take(persistentVolumeClaims, ref)
    expect(await perform(switchData())).toMatchObject({ kind: 'Refused', effect: 'SwitchData' })
  })

  test('a reply that is lost is an error: the next pass reads on the claim whether it was exchanged', async () => {
    kube.before = () => {
      throw new TransientError('no reply')
    }
    await expect(perform(switchData())).rejects.toBeInstanceOf(TransientError)
  })
})

describe('DeleteClaim', () => {
  test('it is gone, and one that is gone already is fine', async () => {
    await perform({ kind: 'DeleteClaim', claim })
    expect(there()).toBeUndefined()
    await perform({ kind: 'DeleteClaim', claim })
  })

  test('one that has become the data since it was seen stays', async () => {
    await perform({ kind: 'SwitchData', claim, generation: 3 })
    await expect(perform({ kind: 'DeleteClaim', claim })).rejects.toBeInstanceOf(Conflict)
    expect(there()).toBeDefined()
  })

  test('another one of that name stays', async () => {
    await expect(perform({ kind: 'DeleteClaim', claim: { ...claim, uid: 'another' } })).rejects.toBeInstanceOf(Conflict)
    expect(there()).toBeDefined()
  })

  test('whoever is not the leader any more deletes nothing', async () => {
    leader = false
    await expect(perform({ kind: 'DeleteClaim', claim })).rejects.toBeInstanceOf(Conflict)
    expect(there()).toBeDefined()
  })

  test('a refusal is a fact', async () => {
    kube.before = () => {
      throw refusal(403, 'Forbidden')
    }
    expect(await perform({ kind: 'DeleteClaim', claim })).toMatchObject({ kind: 'Refused', effect: 'DeleteClaim' })
  })
})
