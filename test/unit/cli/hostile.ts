// Hostile text wherever a cluster holds text, a cluster that answers with it, and what the plugin printed of it.
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Cluster } from '../../../src/cli/cluster.ts'
import { Terminal } from '../../../src/cli/terminal/terminal.ts'
import type { KubeObject, Resource } from '../../../src/kube/resource.ts'
import { NotFound } from '../../../src/errors.ts'

const pieces = [
  '\n',
  '\r\n',
  '\r',
  '\n---\n',
  '---',
  '...',
  '\n# ',
  '#',
  ' #',
  ': ',
  '\n- ',
  '\nkind: ClusterRoleBinding\n',
  '\u2028',
  '\u2029',
  '\u0085',
  '\u009B31m',
  '\u001B[2J',
  '\u001B]0;title\u0007',
  '\0',
  '\u007F',
  '\t',
  '\b',
  '\u202E',
  '\u2066',
  '\uFEFF',
  '\u200B',
  '\u{E0041}',
  '"',
  "'",
  '\\',
  '$(id)',
  '`id`',
  '${x}',
  ';',
  '|',
  '&',
  '&&',
  '>',
  '<',
  '(',
  ')',
  '--all',
  '-',
  '*',
  '~',
  '=',
  '!',
  '{',
  '}',
  '[',
  ']',
  '%',
  '@',
  ',',
  '?',
  '<<',
  '0o17',
  'on',
  '...\n',
  ' ',
]

/** Long enough now and then to be cut. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .array(
        fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 }), fc.string({ maxLength: 8 })),
        { maxLength: 8 },
      )
      .map((some) => some.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom(...pieces).map((piece) => piece.repeat(3000)) },
)

type Path = readonly (string | number)[]

function texts(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path]
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => texts(inner, [...path, name]))
    : []
}

/** Any of its texts may be hostile, but those whose member is named in `kept`: without these no code would be reached. */
export function spoilt<T>(whole: T, kept: readonly string[] = []): fc.Arbitrary<T> {
  const paths = texts(whole).filter((path) => !kept.includes(String(path.at(-1))))
  return fc.array(fc.option(nasty, { freq: 2 }), { minLength: paths.length, maxLength: paths.length }).map((values) => {
    const copy = structuredClone(whole)
    for (const [index, path] of paths.entries()) {
      const holder = path
        .slice(0, -1)
        .reduce<Record<string, unknown>>(
          (inner, name) => inner[name] as Record<string, unknown>,
          copy as Record<string, unknown>,
        )
      if (values[index] !== null) holder[String(path.at(-1))] = values[index]
    }
    return copy
  })
}

export interface Printed {
  readonly terminal: Terminal
  readonly out: string[]
  readonly err: string[]
}

/** Each write as it was made, in a pipe. */
export function recordTerminal(): Printed {
  const [out, err]: [string[], string[]] = [[], []]
  const stream = (writes: string[]): never =>
    ({ write: (text: string) => text !== '' && writes.push(text), isTTY: false, columns: 80 }) as never
  return { terminal: new Terminal({ out: stream(out), error: stream(err), environment: { TERM: 'dumb' } }), out, err }
}

/** By plural. What is found by a name is the first of its kind, whatever its name. */
export type World = Readonly<Record<string, readonly object[]>>

export function clusterOf(world: World): Cluster {
  const all = ({ plural }: Resource): readonly KubeObject[] => (world[plural] ?? []) as readonly KubeObject[]
  const kube = {
    listAll: (kind: Resource) => Promise.resolve(all(kind)),
    find: (kind: Resource) => Promise.resolve(all(kind)[0]),
    get: (kind: Resource) =>
      all(kind)[0] === undefined
        ? Promise.reject(new NotFound(`${kind.kind} not found`))
        : Promise.resolve(all(kind)[0]),
    create: (_: Resource, object: object) => Promise.resolve({ ...object, status: { allowed: false } }),
    patch: (kind: Resource) => Promise.resolve(all(kind)[0]),
    // A turn of the event loop, else no deadline ever comes.
    async *watch() {
      yield await setImmediate({ type: 'BOOKMARK', object: {} })
    },
  }
  const listOf = (plural: string) => () => Promise.resolve(world[plural] ?? [])
  const first = (plural: string) => () => Promise.resolve(world[plural]?.[0])
  return {
    kube,
    namespace: 'shop',
    server: 'https://10.0.0.1',
    instances: listOf('meiliinstances'),
    snapshots: listOf('meilisnapshots'),
    namedNamespace: 'shop',
    schedules: listOf('meilisnapshotschedules'),
    restores: listOf('meilirestores'),
    knownRestores: listOf('meilirestores'),
    knownSchedules: listOf('meilisnapshotschedules'),
    instance: first('meiliinstances'),
    snapshot: first('meilisnapshots'),
    schedule: first('meilisnapshotschedules'),
    restore: first('meilirestores'),
  } as unknown as Cluster
}

/** What moves a cursor, ends a line, hides or turns text. */
export const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** Every write is one line, and nothing in it is more than a character. */
export function expectPlain({ out, err }: Printed): void {
  expect(out.length + err.length).toBeGreaterThan(0)
  for (const write of [...out, ...err]) {
    expect(write.endsWith('\n')).toBe(true)
    expect(write.slice(0, -1)).not.toMatch(control)
    expect(write.length).toBeLessThan(2010)
  }
}

/** The words of the commands in a line, by the strictest reading of POSIX: whatever a shell would do more with is an error. */
export function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | undefined
  const end = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word)
    word = undefined
  }
  for (const [piece] of line.matchAll(/'[^']*'|\\'|[^]/g)) {
    if (/^'[^']*'$/.test(piece)) word = (word ?? '') + piece.slice(1, -1)
    else if (piece === String.raw`\'`) word = `${word ?? ''}'`
    else if (piece === ' ') end()
    else if (piece === ';' || piece === '|') {
      end()
      commands.push([])
    } else if (/^[\w@%+=:,./…-]$/.test(piece)) word = (word ?? '') + piece
    else throw new Error(`a shell reads more than a word in ${JSON.stringify(piece)} of ${JSON.stringify(line)}`)
  }
  end()
  return commands
}
