// Reads from the last message of an exec how its command ended.
import { TransientError } from '../../errors.ts'
import { parseJson } from '../replies.ts'

export interface Exit {
  /** 127 where the container has no such program, as a shell would say. */
  readonly exitCode: number
  readonly stderr: string
}

interface Status {
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

/** The container runtime's words where there is no such program. It has no code for it. */
const noProgram = /executable file not found|exec: "[^"]*": stat [^:]*: no such file or directory/

/** @throws TransientError where the cluster could not run it, or the status is none */
export function exitOf(what: string, said: { status: string; stderr: string }): Exit {
  const {
    status,
    reason,
    message = 'no message',
    details,
  } = (parseJson(said.status) ?? { message: `its status is no JSON: ${said.status.slice(0, 200)}` }) as Status
  if (status === 'Success') return { exitCode: 0, stderr: said.stderr }
  if (noProgram.test(message)) return { exitCode: 127, stderr: message }
  const code = Number(details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message)
  if (reason === 'NonZeroExitCode' && Number.isInteger(code)) return { exitCode: code, stderr: said.stderr }
  throw new TransientError(`${what} failed: ${reason ?? ''} ${message}`)
}
