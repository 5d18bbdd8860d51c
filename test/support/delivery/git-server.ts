// Serves a directory's Git repositories over HTTP, as any Git host does: Git's own http-backend behind a small server that speaks CGI to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export class GitServer implements AsyncDisposable {
  readonly #server: Server
  /** Without a slash at its end. */
  readonly url: string

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  /** @param address of this machine, at which those who clone reach it */
  static async start(directory: string, address: string): Promise<GitServer> {
    const server = createServer((request, response) => {
      answer(directory, request, response).catch((error: unknown) =>
        response.headersSent ? response.destroy() : response.writeHead(500).end(String(error)),
      )
    })
    server.listen(0, address)
    await once(server, 'listening')
    return new GitServer(server, `http://${address}:${(server.address() as AddressInfo).port}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

function variables(directory: string, { method = 'GET', url = '/', headers }: IncomingMessage): NodeJS.ProcessEnv {
  const { pathname, search } = new URL(url, 'http://git')
  return {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: directory,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: method,
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: headers['git-protocol']?.toString() ?? '',
  }
}

async function answer(directory: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: variables(directory, request),
  })
  child.stdin.on('error', () => undefined)
  request.pipe(child.stdin)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const whole = Buffer.concat(chunks)
  const end = whole.indexOf('\r\n\r\n')
  if (end === -1) throw new Error(`git http-backend gave no answer to ${request.method} ${request.url}`)
  for (const line of whole.subarray(0, end).toString().split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? []
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.end(whole.subarray(end + 4))
}
