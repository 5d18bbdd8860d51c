// What operator and movers said in a whole run, from the API server's audit log and from the logs of containers, which are kept when their pods are gone.
import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Output } from './secrets.ts'

interface Entry {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: {
    readonly resource: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
  readonly requestObject?: object
}

/** From the requests whose bodies the audit policy keeps. */
export function* requestBodies(log: string): Generator<Output> {
  for (const line of log.split('\n')) {
    if (!line.includes('"requestObject"') || !line.endsWith('}')) continue
    const { verb, user, objectRef, requestObject } = JSON.parse(line) as Entry
    if (objectRef === undefined || requestObject === undefined) continue
    const { resource, subresource, namespace = '', name = '' } = objectRef
    const kind = resource === 'events' ? 'Event' : subresource === 'status' ? 'status' : 'object'
    yield {
      kind,
      where: `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`} ${namespace}/${name} by ${user.username}`,
      text: JSON.stringify(requestObject),
    }
  }
}

const often = 250
const kindOf: Readonly<Record<string, Output['kind']>> = { operator: 'operator log', mover: 'mover log' }

/** Links every log of an operator or a mover into a directory of its own as soon as it is there: what is written to it later is kept too, also when the kubelet removes it. */
export class LogKeeper {
  readonly #from: readonly string[]
  readonly #to: string
  readonly #timer: NodeJS.Timeout

  /** @param from directories with the logs of pods, on the disk of `to` */
  constructor(from: readonly string[], to: string) {
    this.#from = from
    this.#to = to
    rmSync(to, { recursive: true, force: true })
    mkdirSync(to, { recursive: true })
    this.#timer = setInterval(() => this.look(), often)
    this.look()
  }

  look(): void {
    for (const directory of this.#from) {
      for (const pod of namesIn(directory)) {
        for (const container of namesIn(join(directory, pod)).filter((name) => name in kindOf))
          this.#keep(directory, pod, container)
      }
    }
  }

  #keep(directory: string, pod: string, container: string): void {
    for (const file of namesIn(join(directory, pod, container))) {
      const path = join(directory, pod, container, file)
      const { ino, isFile } = statOf(path)
      if (isFile) link(path, join(this.#to, `${container} ${pod} ${ino}`))
    }
  }

  /** Ends the watch and gives all that was kept. */
  collect(): Output[] {
    clearInterval(this.#timer)
    this.look()
    return namesIn(this.#to).map((name) => {
      const [container = '', pod = ''] = name.split(' ')
      return {
        kind: kindOf[container] ?? 'object',
        where: `the log of ${container} in ${pod}`,
        text: readFileSync(join(this.#to, name), 'utf8'),
      }
    })
  }
}

/** Pods come and go while we look. */
function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EEXIST') return otherwise
    throw error
  }
}

const namesIn = (directory: string): string[] => unlessGone(() => readdirSync(directory), [])
const link = (path: string, to: string): void => unlessGone(() => linkSync(path, to), undefined)

function statOf(path: string): { readonly ino: number; readonly isFile: boolean } {
  return unlessGone(
    () => {
      const state = statSync(path)
      return { ino: state.ino, isFile: state.isFile() }
    },
    { ino: 0, isFile: false },
  )
}
