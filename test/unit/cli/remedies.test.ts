// A remedy that the plugin prints runs only what we wrote, whatever names a cluster holds.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instance, Schedule, Snapshot } from '../../../src/cli/cluster.ts'
import { diagnoseDestinations, diagnoseInstance } from '../../../src/cli/doctor/instances.ts'
import { diagnoseSchedules } from '../../../src/cli/doctor/schedules.ts'
import { diagnoseOperator, diagnoseOperatorRights } from '../../../src/cli/doctor/operator.ts'
import type { OperatorDeployment } from '../../../src/cli/doctor/operator.ts'
import { commandsIn, control, nasty } from './hostile.ts'
import { condition, deployment, instance, nowMs, schedule, snapshot } from './cluster-objects.ts'

describe('a remedy', () => {
  const isPlain = (text: string): boolean => /^[\w@%+:,./-][\w@%+=:,./-]{0,252}$/.test(text)
  const clean = (text: string): string => text.replaceAll(new RegExp(control, 'gu'), ' ')
  /** Nothing that needs quotes is a name: its first 64 characters are shown. */
  const word = (text: string): string =>
    isPlain(text) || text.length <= 64 ? clean(text) : `${clean(text.slice(0, 63)).toWellFormed()}…`
  const operand = (text: string): string => word(text.replace(/^-+/, ''))
  const wordsOf = (...prose: readonly string[]): string[] => prose.flatMap((text) => text.split(' '))

  const names = fc.record({
    namespace: nasty,
    name: nasty,
    secret: nasty,
    key: nasty,
    pod: nasty,
    claim: nasty.map((text) => text.replaceAll('/', '')),
    reason: nasty,
  })
  type Names = typeof names extends fc.Arbitrary<infer T> ? T : never
  const brokenInstance = (given: Names, reason: string): Instance =>
    ({
      ...instance,
      metadata: { ...instance.metadata, namespace: given.namespace, name: given.name },
      spec: { existing: { ...instance.spec.existing, apiKeySecretRef: { name: given.secret, key: given.key } } },
      status: { ...instance.status, pod: { name: given.pod }, conditions: [condition('Ready', 'False', reason)] },
    }) as unknown as Instance
  const remedyFor = (given: Names, reason: string): string =>
    diagnoseInstance(brokenInstance(given, reason), { snapshots: [], schedules: [] }, nowMs)[0]?.remedy ?? ''
  const setsKey = ({ namespace, secret, key }: Names): string[][] => [
    wordsOf('paste this, then the key, and press Enter:', 'head -n 1'),
    ['tr', '-d', String.raw`\n`],
    [
      ...wordsOf('kubectl create secret generic'),
      `--from-file=${word(key)}=/dev/stdin`,
      ...wordsOf('--dry-run=client -o json'),
      operand(secret),
    ],
    ['kubectl', '-n', word(namespace), 'patch', `secret/${operand(secret)}`, '--patch-file=/dev/stdin'],
  ]
  const makesKey = (given: Names): string[][] => {
    const [, ...rest] = setsKey(given)
    return [
      [
        ...wordsOf('paste this, then the key, and press Enter: kubectl -n'),
        word(given.namespace),
        ...wordsOf('create secret generic'),
        operand(given.secret),
      ],
      wordsOf('head -n 1'),
      ...rest,
    ]
  }
  const full = (given: Names): Snapshot =>
    ({
      ...snapshot,
      metadata: { ...snapshot.metadata, namespace: given.namespace.replaceAll('/', '') },
      spec: { ...snapshot.spec, destination: { claim: { name: given.claim } } },
    }) as unknown as Snapshot
  const scheduleRemedy = (given: Names, about: string): string | undefined => {
    const object = {
      ...schedule,
      metadata: { ...schedule.metadata, namespace: given.namespace, name: given.name },
      status: {
        ...schedule.status,
        conditions: schedule.status.conditions.with(0, condition('Stalled', 'True', 'Stalled')),
        lastFailure: { ...schedule.status.lastFailure, name: given.pod },
      },
    } as unknown as Schedule
    const findings = diagnoseSchedules(
      { schedules: [object], instances: [], snapshots: [], absentClaims: new Set() },
      nowMs,
    )
    const what = `schedule ${given.namespace}/${given.name}: `
    return findings.find(({ message }) => message.slice(what.length).includes(about))?.remedy
  }
  const orphanRemedy = ({ namespace, reason }: Names): string | undefined => {
    const metadata = { ...snapshot.metadata, namespace, labels: { 'meili-operator.dev/schedule': reason } }
    const snapshots = [{ ...snapshot, metadata } as unknown as Snapshot]
    return diagnoseSchedules({ schedules: [], instances: [], snapshots, absentClaims: new Set() }, nowMs)[0]?.remedy
  }
  const operator = (given: Names): OperatorDeployment =>
    ({
      ...deployment,
      metadata: {
        namespace: given.namespace,
        name: given.name,
        annotations: { 'meta.helm.sh/release-name': given.secret, 'meta.helm.sh/release-namespace': given.key },
      },
      spec: { ...deployment.spec, replicas: given.pod.length % 2 },
    }) as unknown as OperatorDeployment

  const remedies: readonly (readonly [string, (given: Names) => string | undefined, (given: Names) => string[][]])[] = [
    ['KeyMissing', (given) => remedyFor(given, 'KeyMissing'), makesKey],
    ['KeyRefused', (given) => remedyFor(given, 'KeyRefused'), setsKey],
    ['KeyTooWeak', (given) => remedyFor(given, 'KeyTooWeak'), setsKey],
    [
      'Unreachable',
      (given) => remedyFor(given, 'Unreachable'),
      ({ namespace, pod: name }) => [
        ['kubectl', '-n', word(namespace), 'logs', `pod/${word(name)}`],
        ['kubectl', '-n', word(namespace), 'get', 'networkpolicies'],
      ],
    ],
    [
      'PodAmbiguous',
      (given) => remedyFor(given, 'PodAmbiguous'),
      ({ namespace }) => [['kubectl', '-n', word(namespace), 'get', 'pods', '--show-labels']],
    ],
    [
      'a reason',
      (given) => remedyFor(given, `R${given.reason}`),
      ({ namespace, name, reason }) => [
        ['docs/failures.md,', word(`R${reason}`)],
        ['kubectl', '-n', word(namespace), 'describe', `meiliinstance/${word(name)}`],
      ],
    ],
    [
      'a claim that is full',
      (given) => diagnoseDestinations([full(given)], nowMs)[0]?.remedy,
      ({ namespace, claim: name }) => [
        [
          ...wordsOf('delete snapshots that say deletionPolicy: Delete, or enlarge it: kubectl -n'),
          word(namespace.replaceAll('/', '')),
          'patch',
          `pvc/${word(name)}`,
          '-p',
          '{"spec":{"resources":{"requests":{"storage":"…"}}}}',
        ],
      ],
    ],
    [
      'a schedule that fails',
      (given) => scheduleRemedy(given, 'failures in a row'),
      ({ namespace, pod: name }) => [
        [...wordsOf('kubectl meili -n'), word(namespace), ...wordsOf('snapshot describe'), operand(name)],
      ],
    ],
    [
      'a schedule that is held',
      (given) => scheduleRemedy(given, 'retention is held'),
      ({ namespace, name }) => [
        [...wordsOf('look: kubectl meili -n'), word(namespace), ...wordsOf('schedule describe'), operand(name)],
        [
          ...wordsOf('to let it go on: kubectl meili -n'),
          word(namespace),
          ...wordsOf('schedule confirm'),
          operand(name),
        ],
      ],
    ],
    [
      'a schedule that is stalled',
      (given) => scheduleRemedy(given, 'Stalled'),
      ({ namespace, name }) => [
        wordsOf('docs/failures.md, Stalled'),
        ['kubectl', '-n', word(namespace), 'edit', `meilisnapshotschedule/${word(name)}`],
      ],
    ],
    [
      'snapshots of no schedule',
      (given) => orphanRemedy(given),
      ({ namespace, reason: label }) => [
        [
          ...wordsOf('make a schedule of this name again, which takes it over, or look at it: kubectl -n'),
          word(namespace),
          ...wordsOf('get meilisnapshots -l'),
          `meili-operator.dev/schedule=${word(label)}`,
        ],
      ],
    ],
    [
      'rights',
      (given) =>
        diagnoseOperatorRights(operator(given), 'a', { value: [{ verb: 'get', resource: 'secrets', namespace: '' }] })
          .remedy,
      ({ secret, key }) => [
        [
          ...wordsOf('its roles and bindings come with the installation: helm -n'),
          word(key),
          'upgrade',
          operand(secret),
          ...wordsOf('charts/meili-operator --reset-then-reuse-values'),
        ],
      ],
    ],
    [
      'an operator that does not run',
      (given) => diagnoseOperator(operator(given), { value: undefined }, nowMs).remedy,
      ({ namespace, name, pod: { length } }) =>
        length % 2 === 0
          ? [['kubectl', '-n', word(namespace), 'scale', `deployment/${word(name)}`, '--replicas=1']]
          : [
              ['kubectl', '-n', word(namespace), ...wordsOf('describe pods -l app.kubernetes.io/name=meili-operator')],
              ['kubectl', '-n', word(namespace), 'logs', `deployment/${word(name)}`],
            ],
    ],
  ]

  test.each(remedies)('for %s is these words to a shell, and no others', (_, remedy, words) => {
    const property = fc.property(names, (given) => {
      expect(commandsIn(remedy(given) ?? '')).toEqual(words(given))
    })
    fc.assert(property, { numRuns: 100 })
  })

  test('is read so by a real shell, which finds nothing else to run', () => {
    const property = fc.property(names, (given) => {
      const [, command = ''] =
        /^paste this, then the key, and press Enter: (.*)$/.exec(remedyFor(given, 'KeyRefused')) ?? []
      const { status, stdout, stderr } = spawnSync(
        '/bin/sh',
        ['-c', `head() { :; }\ntr() { :; }\nkubectl() { printf '%s\\n' "$(printf '[%s]' "$@")" >&2; }\n${command}`],
        { env: { PATH: '/nowhere' }, encoding: 'utf8' },
      )
      const said = setsKey(given)
        .filter(([first]) => first === 'kubectl')
        .map(([, ...words]) => words.map((each) => `[${each}]`).join(''))
      expect({ status, stdout, stderr: stderr.trimEnd().split('\n').toSorted() }).toEqual({
        status: 0,
        stdout: '',
        stderr: said.toSorted(),
      })
    })
    fc.assert(property, { numRuns: 25 })
  })
})
