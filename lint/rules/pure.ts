// A pure file: same arguments, same result. No waiting, no clock, no chance, no process.
import { memberName } from './rule.ts'
import type { Node, Rule } from './rule.ts'

const asArgument = 'take what it needs as an argument'
const impureMembers: Readonly<Record<string, string>> = {
  'Date.now': 'take the time as an argument (nowMs)',
  'performance.now': 'take the time as an argument (nowMs)',
  'Math.random': 'take the random number as an argument',
  'crypto.randomUUID': 'take the identifier as an argument, or make it from the UID of the owner',
}
const impureObjects = new Set(['process', 'console'])
const impureCalls = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'])

export const pure: Rule = {
  create(context) {
    const refuse = (node: Node, what: string, instead: string): void =>
      context.report({ node, message: `A pure file has no ${what}: ${instead}.` })
    const refuseAsync = (node: Node): void => {
      if (node.async === true)
        refuse(node, 'async function', 'give back an Effect, or do it in observe.ts or perform.ts')
    }
    return {
      AwaitExpression: (node) => refuse(node, 'await', 'read the world in observe.ts, change it in perform.ts'),
      FunctionDeclaration: refuseAsync,
      FunctionExpression: refuseAsync,
      ArrowFunctionExpression: refuseAsync,
      MemberExpression(node) {
        const name = memberName(node) ?? ''
        const [object = ''] = name.split('.')
        if (Object.hasOwn(impureMembers, name)) refuse(node, name, impureMembers[name] ?? asArgument)
        else if (impureObjects.has(object)) refuse(node, object, asArgument)
      },
      NewExpression(node) {
        if (node.callee?.name === 'Date' && node.arguments?.length === 0)
          refuse(node, 'new Date() without arguments', 'take the time as an argument (nowMs)')
      },
      CallExpression({ callee }) {
        const name = callee?.type === 'Identifier' ? (callee.name ?? '') : ''
        if (callee === undefined) return
        if (name === 'Date') refuse(callee, 'Date()', 'take the time as an argument (nowMs)')
        if (impureCalls.has(name))
          refuse(callee, `${name}()`, 'waiting is requeueAfterMs, and I/O belongs to observe.ts and perform.ts')
      },
    }
  },
}
