// Free ports on 127.0.0.1, below the range from which the kernel takes the near ends of connections: a server that is stopped for a while
// must find its port free again.
import { once } from 'node:events'
import { createServer } from 'node:net'

const lowest = 15_000
const highest = 32_000

async function free(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

/** Three ports in a row. They are drawn at random, so that two callers at once hardly ever meet. */
export async function freePorts(): Promise<[number, number, number]> {
  for (let tries = 0; tries < 100; tries++) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - 3))
    const ports: [number, number, number] = [first, first + 1, first + 2]
    const answers = await Promise.all(ports.map(free))
    if (answers.every(Boolean)) return ports
  }
  throw new Error(
    `No three free ports in a row between ${lowest} and ${highest} on 127.0.0.1 after 100 tries: see what listens there with "ss -ltn".`,
  )
}
