// The house's own lint rules, for what no ready-made rule says. Which folder each applies to stands in .oxlintrc.json, with the import rules.
// Loaded by oxlint (jsPlugins); each message says what to do instead.
import { complexity } from './rules/complexity.ts'
import { entries } from './rules/entries.ts'
import { layers } from './rules/layers.ts'
import { pure } from './rules/pure.ts'
import { memberName } from './rules/rule.ts'
import type { Rule } from './rules/rule.ts'
import { words } from './rules/words.ts'
import { zod } from './rules/zod.ts'

/** Members such as `process.env`, with the sentence that says who may touch them. */
const refuseMembers = (members: readonly string[], message: string): Rule => ({
  create: (context) => ({
    MemberExpression(node) {
      if (members.includes(memberName(node) ?? '')) context.report({ node, message })
    },
  }),
})

/** What a file is for stands on top of it, in one to four lines. */
const opening: Rule = {
  create: (context) => ({
    Program(node) {
      const comments = context.sourceCode.getAllComments().filter(({ type }) => type !== 'Shebang')
      const first = context.sourceCode.text.startsWith('#!') ? 2 : 1
      const end = comments.findIndex(
        ({ loc }, index) => loc.start.line !== first + index || loc.start.line !== loc.end.line,
      )
      const lines = end === -1 ? comments.length : end
      if (lines < 1 || lines > 4) {
        context.report({
          node,
          message: `A file opens with one to four lines of comment that say what it is for and what it must not do; here are ${lines}.`,
        })
      }
    },
  }),
}

/** Names that say nothing of what is inside. */
const emptyNames = /(?:^|-)(?:utils?|helpers?|common|misc|handlers?|processors?|services?|manager2)(?:-|\.|$)/

const fileName: Rule = {
  create: (context) => ({
    Program(node) {
      const name = context.filename.slice(context.filename.lastIndexOf('/') + 1)
      if (/\/src\/.*\.(?:[cm]ts|[cm]?js|[jt]sx)$/.test(context.filename)) {
        context.report({
          node,
          message: `${name}: a source file ends in .ts, which is what the rules of each folder look at.`,
        })
      }
      if (emptyNames.test(name))
        context.report({
          node,
          message: `${name}: name the file after what it does, in words of the field (observe, decide, workqueue, …).`,
        })
    },
  }),
}

export default {
  meta: { name: 'house' },
  rules: {
    layers,
    pure,
    zod,
    complexity,
    entries,
    words,
    opening,
    'file-name': fileName,
    environment: refuseMembers(
      ['process.env'],
      'Only config.ts and the mains read process.env: add a field to Config and pass it in.',
    ),
    // Beside no-restricted-globals, for what is a member.
    timers: refuseMembers(
      ['AbortSignal.timeout', 'globalThis.setTimeout', 'globalThis.setInterval'],
      'src/runtime/timers.ts alone makes timers: Node fires one of more than 24.8 days at once.',
    ),
    exit: refuseMembers(
      ['process.exit'],
      'Only a main calls process.exit: throw, or return, and let the main end the process.',
    ),
  },
}
