// Runs a page from top to bottom and judges each block: it must end as the page says, and print what the page shows.
import type { Step } from './blocks.ts'
import type { Session } from './session.ts'
import { difference } from './shape.ts'

/** A block that takes longer would try a reader's patience, too. */
const timeoutMs = 200_000

export const toRun = (steps: readonly Step[]): readonly Step[] => steps.filter(({ notRun }) => notRun === undefined)

/** One line for each block that no test runs, with the page's own reason. */
export const linesNotRun = (page: string, steps: readonly Step[]): readonly string[] =>
  steps.flatMap(({ line, command, notRun }) =>
    notRun === undefined ? [] : [`${page}:${line}: ${command.split('\n')[0] ?? ''} (${notRun})`],
  )

/** @throws Error with what was printed where a block does not do what the page says */
export async function follow(session: Session, { command, shown, exits }: Step): Promise<void> {
  const { code, printed } = await session.run(command, timeoutMs)
  if (code !== exits) throw new Error(`ended with ${code}, the page expects ${exits}. Printed:\n${printed.trimEnd()}`)
  const wrong = shown === undefined ? undefined : difference(shown, printed)
  if (wrong !== undefined) throw new Error(wrong)
}
