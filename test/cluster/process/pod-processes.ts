// The processes of a pod on the test cluster, to be frozen, thawed and killed: they are processes of this machine. Found by their cgroup, never by name alone.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { basename } from 'node:path'

function read<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    // It ended meanwhile, or is none of ours to look at.
    return undefined
  }
}

/** Those of the pod that run this program (the name of its file), for example `node`; neither the sandbox nor an init. */
export function podProcesses(podUid: string, program: string): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => read(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.includes(podUid) === true)
    .filter((pid) => basename(read(() => readlinkSync(`/proc/${pid}/exe`)) ?? '') === program)
}

/** Gives how many got the signal. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): number {
  return pids.filter((pid) => read(() => process.kill(pid, signal)) === true).length
}

/** SIGTERM was sent to it, and waits because the process is stopped. */
export function isTerminating(pid: number): boolean {
  const [, pending = '0'] =
    /^ShdPnd:\s*([0-9a-f]+)$/m.exec(read(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '') ?? []
  return (BigInt(`0x${pending}`) & (1n << BigInt(constants.signals.SIGTERM - 1))) !== 0n
}

/** A node's kubelet, which can be silenced: what is scheduled there does not start. Its containers run on. */
export function kubeletOf(node: string): { stop(): void; letGo(): void } {
  const mark = `--hostname-override=${node}`
  const pids = readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) =>
        pid > 0 &&
        read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
          ?.split('\0')
          .includes(mark) === true,
    )
  const named = pids.filter((pid) => basename(read(() => readlinkSync(`/proc/${pid}/exe`)) ?? '') === 'kubelet')
  return { stop: () => void signalAll(named, 'SIGSTOP'), letGo: () => void signalAll(named, 'SIGCONT') }
}
