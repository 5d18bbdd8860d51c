// Asks a server in the same pod, over loopback, without a key. What it answers is bounded in size, and by the run's own end.
import { request } from 'node:http'

/** Of one answer: /stats of a server with very many indexes has some megabytes. */
const maxBytes = 32 * 1024 * 1024

export interface Answer {
  readonly status: number
  /** Undefined where it is no JSON. */
  readonly body: unknown
}

export interface Loopback {
  readonly endpoint: string
  readonly signal: AbortSignal
}

export interface Send {
  /** Without it GET, or POST where there is a body. */
  readonly method?: 'POST' | 'DELETE'
  readonly body?: object
}

/** @throws whatever the socket says, and the signal's reason */
export async function ask({ endpoint, signal }: Loopback, path: string, send: Send = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const text = send.body === undefined ? undefined : JSON.stringify(send.body)
  const headers = text === undefined ? {} : { 'content-type': 'application/json' }
  const asked = request(`${endpoint}${path}`, {
    method: send.method ?? (text === undefined ? 'GET' : 'POST'),
    headers,
    agent: false,
    signal,
  })
  asked.on('error', reject)
  asked.on('response', (response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('error', reject)
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > maxBytes) response.destroy(new Error(`the answer to ${path} has more than ${maxBytes} bytes`))
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(chunks)) }))
  })
  asked.end(text)
  return promise
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
