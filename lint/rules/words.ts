// Files, folders and functions are named in plain words of the field, functions by verbs (lint/words.ts).
import { posix } from 'node:path'
import { forbiddenIn, isParticiple } from '../words.ts'
import { foldersAbove, sourcePath, speakerOf } from './tree.ts'
import type { Node, Rule } from './rule.ts'

const functions = new Set(['ArrowFunctionExpression', 'FunctionExpression'])

/** Constructors of verdicts are named by what they make: `waiting`, `completed`. */
const isOfVerdicts = (path: string): boolean => posix.basename(path) === 'verdict.ts'

function wordFlaw(name: string, path: string): string | undefined {
  const found = forbiddenIn(name, path.startsWith('src/'))
  return found === undefined ? undefined : `${name}: not the word ${found.word}; write ${found.instead}.`
}

function participleFlaw(name: string, path: string): string | undefined {
  return path.startsWith('src/') && isParticiple(name) && !isOfVerdicts(path)
    ? `${name}: a participle names no function; write a verb, and of what: createJob for created, giveUp for given.`
    : undefined
}

/** The file's own name, and those of folders that it speaks for. */
function pathFlaws(path: string): readonly string[] {
  const folders = foldersAbove(path).filter((folder) => speakerOf(folder) === path)
  const names = [posix.basename(path), ...folders.map((folder) => `${posix.basename(folder)}/`)]
  return names.flatMap((name) => wordFlaw(name, path) ?? [])
}

const isFunction = (node: Node | null | undefined): boolean => functions.has(node?.type ?? '')

export const words: Rule = {
  create(context) {
    const path = sourcePath(context.filename)
    if (path === undefined) return {}
    const report = (node: Node, message: string | undefined): void => {
      if (message !== undefined) context.report({ node, message })
    }
    /** Of what is called by its own name. */
    const ofFunction = (key: Node | null | undefined): void => {
      if (key?.name !== undefined) report(key, wordFlaw(key.name, path) ?? participleFlaw(key.name, path))
    }
    /** Of what is passed on, to be called back: `closed: () => …` says when, and is well named. */
    const ofField = (key: Node | null | undefined): void => {
      if (key?.name !== undefined) report(key, wordFlaw(key.name, path))
    }
    return {
      Program: (node) => pathFlaws(path).forEach((message) => report(node, message)),
      FunctionDeclaration: ({ id }) => ofFunction(id),
      VariableDeclarator: ({ id, init }) => isFunction(init) && ofFunction(id),
      MethodDefinition: ({ key, kind }) => kind === 'method' && ofFunction(key),
      TSMethodSignature: ({ key }) => ofField(key),
      PropertyDefinition: ({ key, value }) => isFunction(value as Node | null) && ofFunction(key),
      Property: ({ key, value }) => isFunction(value as Node | null) && ofField(key),
    }
  },
}
