// At most ten ways through a function. The ready-made rule counts each `?.` and `??` as a way, which no reader does, and each case of a
// flat switch over a union, which the compiler checks; here both are free.
import type { Node, Rule } from './rule.ts'

const limit = 10

export const complexity: Rule = {
  create(context) {
    const open: number[] = []
    const enter = (): void => void open.push(1)
    const add = (): void => void open.push((open.pop() ?? 1) + 1)
    const leave = (node: Node): void => {
      const ways = open.pop() ?? 1
      if (ways > limit)
        context.report({
          node,
          message: `${ways} ways through one function, ${limit} are the limit: give a guard or a step its own name.`,
        })
    }
    return {
      Program: enter,
      FunctionDeclaration: enter,
      FunctionExpression: enter,
      ArrowFunctionExpression: enter,
      'FunctionDeclaration:exit': leave,
      'FunctionExpression:exit': leave,
      'ArrowFunctionExpression:exit': leave,
      IfStatement: add,
      ConditionalExpression: add,
      SwitchStatement: add,
      CatchClause: add,
      ForStatement: add,
      ForInStatement: add,
      ForOfStatement: add,
      WhileStatement: add,
      DoWhileStatement: add,
      LogicalExpression(node) {
        if (node.operator !== '??') add()
      },
    }
  },
}
