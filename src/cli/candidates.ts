// Lists what may stand next on a command line, from the program's own description of itself. Pure; names of objects are asked for elsewhere.
import type { Command, Option } from 'commander'
import { printable, longestField } from './terminal/printable.ts'

export interface Candidate {
  readonly word: string
  readonly about: string
}

type Objects = 'instance' | 'snapshot' | 'schedule' | 'schedule/' | 'restore' | 'claim' | 'server' | 'namespace'

export interface Completion {
  readonly candidates: readonly Candidate[]
  /** Kind of the objects whose names may stand here. */
  readonly objects: Objects | undefined
}

/** One of our words, a flag, or `pod/search-0`: it is run with the line, so nothing that a shell would read as more than a word. */
const isWord = /^[A-Za-z0-9/-][A-Za-z0-9./-]*$/

/** A line for each that goes on from what is typed: the word, a tab, what it is. */
export function candidateLines(candidates: readonly Candidate[], typed: string): string[] {
  return candidates
    .filter(({ word }) => word.startsWith(typed) && isWord.test(word))
    .map(({ word, about }) => (about === '' ? word : `${word}\t${printable(about, longestField)}`))
}

/** @param words what is typed so far; the last one is being typed and may be empty */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const typed = words.slice(0, -1)
  const { command, rest } = commandOf(program, typed)
  const options = [...command.options, ...program.options].filter(({ hidden }) => !hidden)
  const awaited = options.find((option) => takesValue(option) && isNamed(option, typed.at(-1)))
  if (awaited !== undefined)
    return {
      candidates: (awaited.argChoices ?? []).map((word) => ({ word, about: '' })),
      objects: objectsByFlag[awaited.long ?? ''],
    }
  if (words.at(-1)?.startsWith('-') === true)
    return {
      candidates: options.map(({ long, description }) => ({ word: long ?? '', about: description })),
      objects: undefined,
    }
  const subcommands = command.commands.map((each) => ({ word: each.name(), about: each.summary() }))
  const argument = command.registeredArguments[operands(rest, options)]
  const choices = (argument?.argChoices ?? []).map((word) => ({ word, about: '' }))
  return {
    candidates: [...subcommands, ...choices],
    objects: argument === undefined ? undefined : objectsOf(argument.name()),
  }
}

const takesValue = ({ required, optional }: Option): boolean => required || optional
const isNamed = ({ short, long }: Option, word: string | undefined): boolean =>
  word !== undefined && (word === short || word === long)

/** The innermost command that is named, and what is typed behind it. */
function commandOf(program: Command, typed: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = program
  let rest = typed
  for (const [index, word] of typed.entries()) {
    const inner = command.commands.find((each) => each.name() === word)
    if (inner === undefined) continue
    command = inner
    rest = typed.slice(index + 1)
  }
  return { command, rest }
}

/** How many words are neither flags nor their values. */
function operands(rest: readonly string[], options: readonly Option[]): number {
  return rest.filter(
    (word, index) =>
      !word.startsWith('-') && !options.some((option) => takesValue(option) && isNamed(option, rest[index - 1])),
  ).length
}

/** With a slash behind it, the kind stands before the name. */
const objectsByFlag: Readonly<Record<string, Completion['objects']>> = {
  '--namespace': 'namespace',
  '--from': 'schedule/',
  '--in-place': 'instance',
  '--claim': 'claim',
}

const objectsByArgument: Readonly<Record<string, Completion['objects']>> = {
  instance: 'instance',
  snapshot: 'snapshot',
  schedule: 'schedule',
  restore: 'restore',
  server: 'server',
}

function objectsOf(argument: string): Completion['objects'] {
  return objectsByArgument[argument.toLowerCase()]
}
