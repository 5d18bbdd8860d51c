// What a log line looks like on stdout, and what never gets into one.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const logger = JSON.stringify(join(import.meta.dirname, '../../../src/telemetry/logger.ts'))
const errors = JSON.stringify(join(import.meta.dirname, '../../../src/errors.ts'))

/** Runs the lines in a process of their own, with `log` of the given level; gives what it printed. */
function logLines(level: string, lines: string): readonly Record<string, unknown>[] {
  const program = `import { createLogger } from ${logger}; import { TransientError } from ${errors}; const log = createLogger('${level}'); ${lines}`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return output.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]))
}

describe('a line', () => {
  const [first, second, ...rest] = logLines(
    'info',
    "log.info({ key: 'shop/first' }, 'hello'); log.warn({ err: new TransientError('It did not work.', { status: 503 }) }, 'later'); log.debug('not me')",
  )

  test('is JSON with level, time, words and fields, and nothing of the process', () => {
    expect(first).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      key: 'shop/first',
      msg: 'hello',
    })
  })

  test('tells an error by its class and its status', () => {
    expect(second).toMatchObject({
      level: 'warn',
      msg: 'later',
      err: { type: 'TransientError', message: 'It did not work.', status: 503 },
    })
  })

  test('below the level is not written', () => {
    expect(rest).toEqual([])
  })
})

describe('a secret that gets here after all', () => {
  const fields = ['authorization', 'apiKey', 'masterKey', 'token', 'password', 'secret']
  const lines = logLines(
    'trace',
    `for (const name of ${JSON.stringify(fields)}) { log.info({ [name]: 'hidden' }); log.info({ a: { [name]: 'hidden' } }); log.info({ a: { b: { [name]: 'hidden' } } }) }`,
  )

  test.each(fields)('%s is blotted out, three levels deep', (name) => {
    const found = lines.filter((line) => JSON.stringify(line).includes(`"${name}":"[secret]"`))
    expect(found).toHaveLength(3)
    expect(JSON.stringify(lines)).not.toContain('hidden')
  })
})
