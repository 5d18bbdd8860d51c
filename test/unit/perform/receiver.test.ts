// Whoever may make pods may make one that poses as a mover: what it says is bounded.
import { expect, test } from 'vitest'
import type { Running } from '../../../src/kube/exec/exec.ts'
import { Receiver } from '../../../src/perform/receiver.ts'

test('a line without an end is cut, and keeps no more of it', async () => {
  let given = 0
  const execution: Running = {
    write: () => Promise.resolve(),
    endInput: () => Promise.resolve(),
    output: async function* output() {
      for (; given < 1000; given++) yield await Promise.resolve(Buffer.alloc(32 * 1024, 'x'))
    },
    exit: () => ({ exitCode: 0, stderr: '' }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const opened = Receiver.open(() => Promise.resolve(execution), {
    namespace: 'shop',
    pod: 'mover',
    container: 'mover',
  })
  await expect(opened).rejects.toMatchObject({
    name: 'TransientError',
    message: 'a line of more than 65536 characters came',
  })
  expect(given).toBeLessThan(5)
})
