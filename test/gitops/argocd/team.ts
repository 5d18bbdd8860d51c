// What a team does with Argo CD: it commits, syncs, looks, and deletes Applications. By the objects alone, as the command line of Argo CD does it.
import type { Kubectl } from '../../support/kubernetes/kubectl.ts'
import type { DeployRepository } from '../../support/delivery/deploy-repository.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'

const namespace = 'argocd'
const project = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default', namespace },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
}
const parts = ['deployment/argocd-redis', 'deployment/argocd-repo-server', 'statefulset/argocd-application-controller']

interface Source {
  readonly repoURL: string
  readonly path: string
  readonly helm?: { readonly valuesObject: Record<string, unknown> }
}

export interface Outcome {
  readonly phase: string
  readonly message?: string
  readonly operation: { readonly sync?: { readonly revision?: string } }
  readonly syncResult?: {
    readonly revision: string
    readonly resources?: readonly {
      readonly kind: string
      readonly name: string
      readonly hookType?: string
      readonly hookPhase?: string
      readonly message?: string
    }[]
  }
}

/** An Application, as far as we read it. */
export interface Application {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly source: Source; readonly syncPolicy?: { readonly syncOptions?: readonly string[] } }
  readonly operation?: object
  readonly status?: {
    readonly sync?: { readonly status: string; readonly revision?: string }
    readonly health?: { readonly status?: string; readonly message?: string; readonly lastTransitionTime?: string }
    readonly conditions?: readonly { readonly type: string; readonly message: string }[]
    readonly operationState?: Outcome
    readonly resources?: readonly {
      readonly kind: string
      readonly name: string
      readonly status?: string
      readonly requiresPruning?: boolean
    }[]
  }
}

const refreshAnnotation = 'argocd.argoproj.io/refresh'

export class Team {
  readonly #kubectl: Kubectl
  readonly #repository: DeployRepository
  /** The last commit. */
  head = ''

  constructor(kubectl: Kubectl, repository: DeployRepository) {
    this.#kubectl = kubectl
    this.#repository = repository
  }

  /** Argo CD is there and at work. */
  async arrive(): Promise<void> {
    await this.#kubectl.run([
      'wait',
      '--for=condition=Established',
      'crd/applications.argoproj.io',
      'crd/appprojects.argoproj.io',
      '--timeout=60s',
    ])
    await this.#kubectl.apply(project)
    for (const part of parts) await this.#run('rollout', 'status', part, '--timeout=120s')
  }

  /** Also where a test has stopped in the middle: Applications go, and leave what they have applied. */
  async leave(): Promise<void> {
    for (const name of (await this.#run('get', 'applications', '-o', 'name')).split('\n').filter(Boolean)) {
      await this.#run('patch', name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
      await this.forgotten(name.replace(/^.*\//, ''))
    }
  }

  async commit(message: string): Promise<void> {
    this.head = await this.#repository.commit(message)
  }

  async application(name: string): Promise<Application> {
    return await this.#kubectl.json<Application>(['-n', namespace, 'get', 'application', name])
  }

  /** As `argocd app get --hard-refresh` does: compared with Git and cluster, and nothing taken from a cache. */
  async refresh(name: string): Promise<Application> {
    await this.#run('annotate', '--overwrite', 'application', name, `${refreshAnnotation}=hard`)
    return await eventually(`Application ${name} to be refreshed`, async () => {
      const application = await this.application(name)
      return application.metadata.annotations?.[refreshAnnotation] === undefined ? application : undefined
    })
  }

  /** As `argocd app sync` does, of the last commit; gives back how it ended. */
  async sync(name: string): Promise<Outcome> {
    const { spec } = await this.application(name)
    const operation = {
      initiatedBy: { username: 'team' },
      sync: { revision: this.head, syncOptions: spec.syncPolicy?.syncOptions ?? [] },
    }
    await this.#run('patch', 'application', name, '--type=merge', '-p', JSON.stringify({ operation }))
    return await eventually(
      `Application ${name} to be synced`,
      async () => {
        const { operation: asked, status } = await this.application(name)
        const state = status?.operationState
        if (asked === undefined && state?.operation.sync?.revision === this.head && state.phase !== 'Running')
          return state
        throw new Error(describeStatus(status))
      },
      { timeoutMs: 180_000 },
    )
  }

  /** The last commit is there, and good; until then each look is shown to `look`. */
  async settled(name: string, look: (application: Application) => void = () => {}): Promise<Application> {
    return await eventually(
      `Application ${name} to be Synced and Healthy at the last commit`,
      async () => {
        const application = await this.application(name)
        look(application)
        const { status } = application
        if (
          status?.sync?.status === 'Synced' &&
          status.health?.status === 'Healthy' &&
          status.sync.revision === this.head
        )
          return application
        throw new Error(describeStatus(status))
      },
      { timeoutMs: 180_000 },
    )
  }

  /** As `argocd app delete` does: with all that it has applied. */
  async deleteApplication(name: string): Promise<void> {
    await this.#run(
      'patch',
      'application',
      name,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":["resources-finalizer.argocd.argoproj.io"]}}',
    )
    await this.#run('delete', 'application', name, '--timeout=110s')
  }

  /** As `argocd app delete --cascade=false` does: what it has applied stays. */
  async forgotten(name: string): Promise<void> {
    await this.#run('delete', 'application', name, '--timeout=60s')
  }

  async #run(...args: readonly string[]): Promise<string> {
    return await this.#kubectl.run(['-n', namespace, ...args])
  }
}

function describeStatus(status: Application['status']): string {
  const { sync, health, operationState, conditions = [] } = status ?? {}
  return [
    `${sync?.status}, ${health?.status}`,
    `${operationState?.phase}: ${operationState?.message}`,
    ...conditions.map(({ type, message }) => `${type}: ${message}`),
  ].join('; ')
}
