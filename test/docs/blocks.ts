// Markdown → the commands that a reader would type, each with the output that the page shows for it. Pure.
// What counts: blocks of language `sh`, with a bare or `text` block right after as their output; and `console` blocks, with `$ ` before each command.

export interface Step {
  /** Of the command's first line, from 1. */
  readonly line: number
  readonly command: string
  /** What the page shows; undefined where it shows nothing. */
  readonly shown: string | undefined
  readonly exits: number
  /** Why a test cannot run it, in the page's words. */
  readonly notRun: string | undefined
  /** The page offers it in place of another step: it runs after all others. */
  readonly isAlternative: boolean
}

interface Block {
  readonly line: number
  /** Line of the closing fence. */
  readonly end: number
  readonly language: string
  readonly text: string
  /** The comments right before it, one text each. */
  readonly remarks: readonly string[]
}

const fence = /^( *)```(\S*)\s*$/
const comment = /^<!-- (.*?) -->$/
const known = [/^not run: (.+)$/, /^exits (\d+): .+$/, /^another way$/] as const

/** @throws Error where a fence is not closed, or a comment right before a block is none of those that a page may have */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let remarks: string[] = []
  for (let index = 0; index < lines.length; index += 1) {
    const text = lines[index] ?? ''
    const remark = comment.exec(text)?.[1]
    const [isFence, indent = '', language = ''] = fence.exec(text) ?? []
    if (isFence !== undefined) {
      const end = lines.findIndex((other, at) => at > index && other === `${indent}\`\`\``)
      if (end === -1) throw new Error(`line ${index + 1}: a block that is never closed`)
      const body = lines.slice(index + 1, end).map((inner) => inner.slice(indent.length))
      blocks.push({ line: index + 1, end: end + 1, language, text: body.join('\n'), remarks })
      index = end
      remarks = []
    } else if (remark !== undefined) remarks.push(remark)
    else if (text.trim() !== '') remarks = []
  }
  return blocks
}

const isOutput = ({ language }: Block): boolean => language === '' || language === 'text'

const matchOf = (remarks: readonly string[], pattern: RegExp): string | undefined =>
  remarks
    .map((text) => pattern.exec(text))
    .find((match) => match !== null)
    ?.at(-1)

function conditionsOf({ remarks, line }: Block): Pick<Step, 'notRun' | 'exits' | 'isAlternative'> {
  const [notRun, exits, alternative] = known
  const strange = remarks.find((text) => !known.some((pattern) => pattern.test(text)))
  if (strange !== undefined)
    throw new Error(
      `line ${line}: "${strange}" before a block: a page says "not run: WHY", "exits N: WHY" or "another way"`,
    )
  return {
    notRun: matchOf(remarks, notRun),
    exits: Number(matchOf(remarks, exits) ?? 0),
    isAlternative: matchOf(remarks, alternative) !== undefined,
  }
}

/** `$ command`, continued while a line ends with a backslash; what follows is its output. The exit code is that of the last one. */
function sessionSteps(block: Block): readonly Step[] {
  const { exits, ...conditions } = conditionsOf(block)
  const steps: { line: number; command: string[]; shown: string[] }[] = []
  for (const [index, text] of block.text.split('\n').entries()) {
    const last = steps.at(-1)
    if (text.startsWith('$ ')) steps.push({ line: block.line + 1 + index, command: [text.slice(2)], shown: [] })
    else if (last === undefined)
      throw new Error(`line ${block.line + 1 + index}: a console block begins with "$ " and a command`)
    else if (last.shown.length === 0 && last.command.at(-1)?.endsWith('\\') === true) last.command.push(text)
    else last.shown.push(text)
  }
  return steps.map(({ line, command, shown }, index) => ({
    line,
    command: command.join('\n'),
    shown: shown.join('\n').trimEnd(),
    exits: index === steps.length - 1 ? exits : 0,
    ...conditions,
  }))
}

function stepsOf(block: Block, next: Block | undefined, between: string): readonly Step[] {
  if (block.language === 'console') return sessionSteps(block)
  if (block.language !== 'sh') return []
  const shown = next !== undefined && isOutput(next) && between.trim() === '' ? next.text.trimEnd() : undefined
  return [{ line: block.line + 1, command: block.text, shown, ...conditionsOf(block) }]
}

/** In the order in which they are to run: as on the page, and the other ways after all else. */
export function runnable(markdown: string): readonly Step[] {
  const lines = markdown.split('\n')
  const blocks = blocksOf(markdown)
  const steps = blocks.flatMap((block, index) => {
    const next = blocks[index + 1]
    return stepsOf(block, next, lines.slice(block.end, (next?.line ?? 1) - 1).join('\n'))
  })
  return [...steps.filter(({ isAlternative }) => !isAlternative), ...steps.filter(({ isAlternative }) => isAlternative)]
}
