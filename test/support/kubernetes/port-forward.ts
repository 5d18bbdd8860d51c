// A connection to one pod's port through the API server: works on any cluster that kubectl reaches.
import type { Kubectl } from './kubectl.ts'

export interface PortForward {
  readonly url: string
  close(): void
}

/** @throws Error with kubectl's words where the connection does not open within 30 s */
export async function portForward(kubectl: Kubectl, namespace: string, target: string): Promise<PortForward> {
  const [pod, port] = target.split(':')
  const child = kubectl.spawn([
    '-n',
    namespace,
    'port-forward',
    `pod/${pod ?? ''}`,
    `:${port ?? ''}`,
    '--address',
    '127.0.0.1',
  ])
  let said = ''
  const local = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`port-forward to ${target} did not open within 30 s: ${said}`))
    }, 30_000)
    const listen = (chunk: Buffer): void => {
      said += chunk.toString()
      const opened = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (opened === undefined) return
      clearTimeout(timer)
      resolve(opened)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.on('close', () => {
      clearTimeout(timer)
      reject(new Error(`port-forward to ${target} ended: ${said}`))
    })
  })
  return { url: `http://127.0.0.1:${local}`, close: () => void child.kill('SIGKILL') }
}
