// Every folder below src: none is made without a thought about who may import it (folders.ts) and in which order (order.ts).

const known: Readonly<Record<string, string>> = {
  api: 'crd fields reasons status',
  cli: 'adopt command command/restore doctor new program terminal view view/restore',
  kinds: '',
  'kinds/instance': 'children locate managed managed/upgrade observe status',
  'kinds/restore': 'after drill exchange fill fill/sanitize observe plan source status',
  'kinds/schedule': 'drills forecast observe retention runs slots status',
  'kinds/snapshot': 'after after/boot before engine job job/commands move observe observe/slots status',
  kube: 'exec',
  meilisearch: '',
  mover: 'artifact command contract database io source stream verify',
  operator: '',
  perform: '',
  reconcile: 'job job/boot names',
  runtime: 'cache events',
  telemetry: 'families samples',
}
export const knownFolders: ReadonlySet<string> = new Set(
  Object.entries(known).flatMap(([folder, inner]) => [
    folder,
    ...(inner === '' ? [] : inner.split(' ').map((name) => `${folder}/${name}`)),
  ]),
)
