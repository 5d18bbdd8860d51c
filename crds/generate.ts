// Writes what is generated from src/api: crds/*.yaml, the chart's copies of them, docs/reference/*.md; and from the chart: install.yaml,
// install-streaming.yaml, the table of its values and the list of rights that `kubectl meili doctor` checks.
// `--check` writes nothing and fails where a file on disk differs.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }
import { customResourceDefinition } from '../src/api/crd/crd.ts'
import { kinds } from '../src/api/kinds.ts'
import { chartReadme } from './chart-readme.ts'
import { installation } from './install.ts'
import { referencePage } from './reference.ts'
import { withRightsTable } from './rights-table.ts'
import { yamlText } from './yaml-text.ts'

const root = new URL('../', import.meta.url)
const pathOf = (file: string): string => fileURLToPath(new URL(file, root))
const read = (file: string): string => readFileSync(pathOf(file), 'utf8')

/** The version stands in hand-written files too; each of them must say what package.json says. */
function versionsThatDiffer(): readonly string[] {
  const sources: readonly (readonly [string, RegExp])[] = [
    ['charts/meili-operator/Chart.yaml', /^(?:version|appVersion): (\S+)/gm],
    ['Dockerfile', /^ARG VERSION=(\S+)/gm],
  ]
  return sources.flatMap(([file, pattern]) =>
    [...read(file).matchAll(pattern)]
      .filter(([, version]) => version !== manifest.version)
      .map(([text]) => `${file} says "${text}", package.json says ${manifest.version}: change one of them`),
  )
}

async function generate(): Promise<ReadonlyMap<string, string>> {
  const crds = kinds.map((kind) => [`${kind.plural}.yaml`, yamlText(customResourceDefinition(kind))] as const)
  const pages = kinds.map(
    (kind) => [`docs/reference/${kind.singular}.md`, referencePage(customResourceDefinition(kind))] as const,
  )
  const { install, streaming, rights, objects } = await installation({
    version: manifest.version,
    crds: crds.map(([, text]) => text),
  })
  return new Map([
    ...['crds', 'charts/meili-operator/files/crds'].flatMap((directory) =>
      crds.map(([name, text]) => [`${directory}/${name}`, text] as const),
    ),
    ...pages,
    [
      'charts/meili-operator/README.md',
      chartReadme(read('charts/meili-operator/README.md'), read('charts/meili-operator/values.yaml')),
    ],
    ['install.yaml', install],
    ['install-streaming.yaml', streaming],
    ['src/cli/doctor/operator-rights.json', rights],
    ['docs/security.md', withRightsTable(read('docs/security.md'), objects)],
  ])
}

function readOrNothing(file: string): string {
  try {
    return read(file)
  } catch {
    return ''
  }
}

const findings = [...versionsThatDiffer()]
for (const [file, text] of await generate()) {
  if (readOrNothing(file) === text) continue
  if (process.argv.includes('--check'))
    findings.push(`${file} is not what src/api and charts/ make: run "npm run generate" and commit it`)
  else {
    writeFileSync(pathOf(file), text)
    process.stdout.write(`wrote ${file}\n`)
  }
}
for (const finding of findings) process.stderr.write(`${finding}\n`)
if (findings.length > 0) process.exitCode = 1
