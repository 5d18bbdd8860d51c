// What a kubelet or Prometheus sees of a port on loopback. On raw sockets: no client may make a request better than it is.
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** @param path is sent as it is. @throws where nobody listens */
export async function request(port: number, path: string, host = '127.0.0.1'): Promise<Reply> {
  const socket = connect(port, host)
  socket.write(`GET ${path} HTTP/1.1\r\nhost: local\r\nconnection: close\r\n\r\n`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  const text = Buffer.concat(chunks).toString()
  const [head = '', ...rest] = text.split('\r\n\r\n')
  return {
    status: Number(head.split(' ')[1]),
    contentType: /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? '',
    body: rest.join('\r\n\r\n'),
  }
}
