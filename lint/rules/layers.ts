// An import that goes the wrong way: between the folders of src (lint/folders.ts), or inside one of them (lint/order.ts).
import { posix } from 'node:path'
import { parts } from '../order.ts'
import { folders } from '../folders.ts'
import { never } from '../never.ts'
import type { Node, Rule } from './rule.ts'

/** Where an import leads: a path below src, or the name of a package. */
function target(file: string, source: string): string {
  return source.startsWith('.') ? posix.relative('src', posix.join(posix.dirname(`src/${file}`), source)) : source
}

function isOf(names: readonly string[], wanted: string): boolean {
  return names.some((name) =>
    new RegExp(`^(?:${name})${/[/:$\]]$/.test(name) ? '' : String.raw`(?:\.ts$|/|$)`}`).test(wanted),
  )
}

function isTypeOnly(node: Node): boolean {
  return node.importKind === 'type' || node.exportKind === 'type'
}

function backUp(file: string, wanted: string): string | undefined {
  const part = parts.find(({ files }) => files.test(file))
  return part === undefined || !wanted.startsWith(part.folder) || isOf(part.knows, wanted) ? undefined : part.says
}

function refusal(file: string, source: string, typeOnly: boolean): string | undefined {
  const wanted = target(file, source)
  const refused = never.find(({ files, imports }) => files.test(file) && imports.test(wanted))
  if (refused !== undefined) return refused.says
  const folder = folders.find(({ files }) => files.test(file))
  if (folder === undefined) return `No folder has the file src/${file}: it belongs to one of those in lint/folders.ts.`
  const mayKnow = isOf(folder.may, wanted) || (typeOnly && isOf(folder.types ?? [], wanted))
  return mayKnow ? backUp(file, wanted) : folder.says
}

export const layers: Rule = {
  create(context) {
    const [, file] = /\/src\/(.+)$/.exec(context.filename) ?? []
    const look = (node: Node): void => {
      if (file === undefined || node.source === undefined || node.source === null) return
      const { value: source } = node.source
      if (typeof source !== 'string') {
        context.report({ node, message: 'An import names its file as a plain string, so that it can be judged.' })
        return
      }
      const message = refusal(file, source, isTypeOnly(node))
      if (message !== undefined) context.report({ node, message: `${source}: ${message}` })
    }
    return {
      ImportDeclaration: look,
      ImportExpression: look,
      ExportNamedDeclaration: look,
      ExportAllDeclaration: look,
    }
  },
}
