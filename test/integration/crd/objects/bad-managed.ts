// What breaks each rule of a managed instance: where the rule stands, what it says, and the members to change in a complete one.
import { badSources } from './bad-sources.ts'

type Change = readonly (readonly [string, unknown])[]
type Bad = readonly [
  at: string,
  says: string,
  change: Change,
  more?: { readonly isUpdate?: true; readonly which?: number },
]

const update = { isUpdate: true } as const
const quantity = 'a quantity is a number with an optional unit: write for example 20Gi or 500m'
const volume = 'write a size, and the claim is made, or a claimName, and that claim is used: exactly one of them'
const onlyWithSize =
  'storageClassName and accessModes belong to a claim that is made: leave them out where claimName is set'
const neverSmaller =
  'a volume never gets smaller: keep the size; for a smaller one restore a snapshot into another MeiliInstance'
const sameKind =
  'storageClassName and accessModes of a claim are immutable: restore a snapshot into another MeiliInstance'
const sameClaim = 'the database stays on its claim: restore a snapshot into another MeiliInstance instead'
const exactlyOne =
  'write existing for a server that someone else runs, or managed for one that the operator runs: exactly one of them'
const version = 'version is that of Meilisearch, 1.12.0 or later: write for example 1.21.0'
const claimName =
  'name must be the name of a PersistentVolumeClaim in this namespace: lower-case letters, digits, - and .'
const claimPath =
  'path is a directory on the claim: relative, of letters, digits, ., _ and -, no part of it starting with a dot: write for example movies/daily'

const existing = { podSelector: { matchLabels: { app: 'movies' } } }
const claim = 'spec.managed.upgrade.destination.claim'

const volumes = (['storage', 'snapshots'] as const).flatMap((name): Bad[] => {
  const at = `spec.managed.${name}`
  return [
    [at, volume, [[at, {}]]],
    [at, volume, [[`${at}.claimName`, 'data']]],
    [at, onlyWithSize, [[at, { claimName: 'data', storageClassName: 'fast' }]]],
    [at, onlyWithSize, [[at, { claimName: 'data', accessModes: ['ReadWriteOnce'] }]]],
    [at, neverSmaller, [[`${at}.size`, '10Gi']], update],
    [at, neverSmaller, [[`${at}.size`, 1_000_000]], update],
    [at, sameKind, [[`${at}.storageClassName`, 'slow']], update],
    [at, sameKind, [[`${at}.accessModes`, ['ReadWriteMany']]], update],
    ...['', '20 Gi', '-1Gi'].map((size): Bad => [`${at}.size`, quantity, [[`${at}.size`, size]]]),
  ]
})

export const badManaged: readonly Bad[] = [
  ['spec', exactlyOne, [['spec.existing', existing]]],
  ['spec', exactlyOne, [['spec.managed', undefined]]],
  ['spec', 'existing and managed cannot be exchanged: create another MeiliInstance', [['spec', { existing }]], update],
  [
    'spec',
    'deletionPolicy: Delete needs managed: the objects of an existing server are never touched',
    [['spec.deletionPolicy', 'Delete']],
    { which: 0 },
  ],
  ...['v1.21.0', '1.21', '1.11.9', '0.30.0', '1.21.0-rc.1', 'latest'].map((text): Bad => [
    'spec.managed.version',
    version,
    [['spec.managed.version', text]],
  ]),
  ...volumes,
  ['spec.managed.storage', sameClaim, [['spec.managed.storage', { claimName: 'other' }]], update],
  ['spec.managed.storage', sameClaim, [['spec.managed.storage', { claimName: 'other' }]], { isUpdate: true, which: 2 }],
  [
    'spec.managed',
    'upgrade.destination is on the claim of the database: a snapshot there fills what it is to protect, and is lost with it; name another claim',
    [
      ['spec.managed.storage', { claimName: 'backups' }],
      ['spec.managed.snapshots', undefined],
    ],
  ],
  [
    'spec.managed',
    'bootstrap fills a claim that is made for it: write storage.size instead of storage.claimName',
    [['spec.managed.storage', { claimName: 'other' }]],
  ],
  ...badSources('spec.managed.bootstrap.from', {
    snapshotRef: {},
    latestOf: { which: 4 },
    artifact: { which: 3 },
    file: { which: 5 },
  }),
  [
    'spec.managed.scratch',
    'scratch is a claim (size) or memory (memory): write exactly one of them',
    [['spec.managed.scratch', {}]],
  ],
  [
    'spec.managed.scratch',
    'scratch is a claim (size) or memory (memory): write exactly one of them',
    [['spec.managed.scratch.memory', '1Gi']],
  ],
  [
    'spec.managed.scratch',
    'storageClassName needs size',
    [['spec.managed.scratch', { memory: '1Gi', storageClassName: 'fast' }]],
  ],
  ['spec.managed.scratch', neverSmaller, [['spec.managed.scratch.size', '1Gi']], update],
  ['spec.managed.scratch.size', quantity, [['spec.managed.scratch.size', 'much']]],
  ['spec.managed.scratch.memory', quantity, [['spec.managed.scratch', { memory: 'much' }]]],
  ['spec.managed.resources.requests.cpu', quantity, [['spec.managed.resources.requests.cpu', 'two']]],
  ['spec.managed.resources.limits.memory', quantity, [['spec.managed.resources.limits.memory', '1GB!']]],
  [
    'spec.managed.podAnnotations',
    'an AppArmor profile is no annotation here: write securityContext.appArmorProfile',
    [
      [
        'spec.managed.podAnnotations',
        { a: 'b', 'container.apparmor.security.beta.kubernetes.io/meilisearch': 'unconfined' },
      ],
    ],
  ],
  [
    'spec.managed.env[0]',
    'a variable has a value or a valueFrom: write one of them',
    [['spec.managed.env.0.valueFrom', { secretKeyRef: { name: 'a', key: 'b' } }]],
  ],
  [
    'spec.managed.env[0].valueFrom',
    'valueFrom is one of secretKeyRef and configMapKeyRef: write exactly one',
    [['spec.managed.env.0', { name: 'A', valueFrom: {} }]],
  ],
  [`${claim}.name`, claimName, [[`${claim}.name`, 'A']]],
  [`${claim}.path`, claimPath, [[`${claim}.path`, '../a']]],
  [
    `${claim}.template.resources.requests.storage`,
    quantity,
    [[`${claim}.template.resources.requests.storage`, '1 Gi']],
  ],
]
