// Turns an error into one sentence for the person at the terminal: what happened, and what to do. Pure; a foreseen error never shows a stack.
import { Conflict, NotFound, TerminalError, TransientError } from '../errors.ts'
import { exitCodes } from './exit-codes.ts'
import type { ExitCode } from './exit-codes.ts'

/** Something that the user can mend: the message says everything. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode = exitCodes.impossible) {
    super(message)
    this.exitCode = exitCode
  }
}

export const install = 'kubectl apply --server-side -f install.yaml'

/** @param server where the cluster is, for the sentence */
export function errorText(error: unknown, server: string): string | undefined {
  if (error instanceof UserError) return error.message
  if (error instanceof TransientError)
    return error.status === undefined ? unreachableText(error, server) : transientText(error, server)
  if (error instanceof NotFound)
    return isKindMissing(error)
      ? `The cluster at ${server} does not know meili-operator's kinds: install its CRDs and the operator (${install}), then look with: kubectl meili doctor`
      : serverMessage(error)
  if (error instanceof TerminalError)
    return error.status === 403
      ? `You may not do this: ${serverMessage(error)}. Ask whoever runs the cluster for the right; "kubectl meili doctor" lists what is missing.`
      : serverMessage(error)
  return error instanceof Conflict ? serverMessage(error) : undefined
}

function unreachableText(error: Error, server: string): string {
  return `The cluster at ${server} does not answer: ${reasonOf(error)}. Is it up, and is it the one you mean? (kubectl config current-context)`
}

function transientText(error: TransientError, server: string): string {
  if (error.status === 401)
    return `The cluster at ${server} does not accept who you are (401). Log in again, or choose another context: kubectl config get-contexts`
  return `The cluster at ${server} cannot do it now: ${serverMessage(error)}. Try again.`
}

/** A group that is not there is answered by plain text; an object that is not there by a Status of this reason. */
export function isKindMissing(error: NotFound): boolean {
  return error.code !== 'NotFound' || error.refusal === 'KindUnknown'
}

/** Without the name of the request, which says nothing to a user: `GET Pod shop/a answered 404 NotFound: …`. */
function serverMessage({ message }: Error): string {
  return message.replace(/^.*? answered \d+[^:]*: /s, '')
}

const reasonOf = ({ message }: Error): string => message.replace(/^.*? got no reply: /s, '')
