// The three checks that make an instance Ready: its pod, its answer, its key. Each is one condition. Pure.
import { instanceConditions, instanceReasons } from '../../../api/instance.ts'
import type { InstanceReason } from '../../../api/instance.ts'
import type { Wanted } from '../../../api/status/conditions.ts'
import { connectionSecretName } from '../../../reconcile/names/objects.ts'
import { serverIn } from '../../../reconcile/server-reference.ts'
import { podNameOf } from '../children/managed.ts'
import type { InstanceObservation } from '../observation.ts'

/** Oldest server that has the batches API. */
const oldestVersion = [1, 12] as const

type Judgement = Omit<Wanted, 'type'>

const passedCheck = (message: string): Judgement => ({ status: 'True', reason: instanceReasons.Ready, message })
const failedCheck = (reason: InstanceReason, message: string): Judgement => ({ status: 'False', reason, message })
const notChecked = (message: string): Judgement => ({ status: 'Unknown', reason: instanceReasons.NotChecked, message })

export function podFound(observation: InstanceObservation): Wanted {
  return { type: instanceConditions.PodFound, ...judgePod(observation) }
}

function judgePod({ pods, podsRefused, instance }: InstanceObservation): Judgement {
  const selector = JSON.stringify(serverIn(instance).podSelector)
  if (podsRefused !== undefined)
    return failedCheck(instanceReasons.PodNotFound, `Pods cannot be listed by podSelector ${selector}: ${podsRefused}.`)
  if (pods.length === 0)
    return failedCheck(
      instanceReasons.PodNotFound,
      `No pod in namespace ${instance.metadata.namespace} matches podSelector ${selector}.`,
    )
  const names = pods.map(({ metadata }) => metadata?.name ?? '').toSorted()
  if (names.length > 1) {
    const remedy =
      instance.spec.managed === undefined
        ? `A snapshot is a file of one pod: narrow podSelector ${selector}.`
        : `Only pod ${podNameOf(instance)} may have the labels ${selector}: its Service selects by them. Remove them from the other pods.`
    return failedCheck(
      instanceReasons.PodAmbiguous,
      `${names.length} pods match podSelector: ${names.slice(0, 5).join(', ')}. ${remedy}`,
    )
  }
  return passedCheck(`Pod ${names[0] ?? ''} is the one.`)
}

export function reachable(observation: InstanceObservation): Wanted {
  return { type: instanceConditions.Reachable, ...judgeReach(observation) }
}

const silent = 'Is the server up, is the port right, and does a NetworkPolicy let the operator in?'
const answeredByOther = 'Is it Meilisearch that answers on this port, and nothing between it and the operator?'

function judgeReach({ pods, server, endpoint }: InstanceObservation): Judgement {
  if (pods.length !== 1) return notChecked('There is no single pod to ask.')
  if (endpoint === undefined)
    return failedCheck(
      instanceReasons.PodNotReady,
      `Pod ${pods[0]?.metadata?.name ?? ''} has no address yet (phase ${pods[0]?.status?.phase ?? 'unknown'}).`,
    )
  switch (server.state) {
    case 'NotAsked':
      return notChecked('The server was not asked.')
    case 'SecretMissing':
      return notChecked('The server is asked when its Secret is there.')
    case 'KeyUnusable':
      return notChecked('The server is asked when its key can be sent.')
    case 'Unreachable':
      return failedCheck(
        instanceReasons.Unreachable,
        `${server.message}. ${server.isAnswer === true ? answeredByOther : silent}`,
      )
    case 'CertificateRejected':
      return failedCheck(
        instanceReasons.CertificateRejected,
        `${server.message}. Set tls.caSecretRef to the authority that signed it and tls.serverName to a name in it.`,
      )
    case 'MustRestart':
      return failedCheck(
        instanceReasons.MustRestart,
        `Meilisearch at ${endpoint} asks to be restarted (mustRestart), and serves nothing until then.`,
      )
    case 'Answered':
      return judgeVersion(server.version, endpoint)
    default:
      return passedCheck(`The server answers at ${endpoint}.`)
  }
}

function judgeVersion(version: string, endpoint: string): Judgement {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const old = major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])
  if (old)
    return failedCheck(
      instanceReasons.VersionTooOld,
      `Meilisearch ${version} is older than ${oldestVersion.join('.')}, the first with the batches API. Upgrade the server.`,
    )
  return passedCheck(`Meilisearch ${version} answers at ${endpoint}.`)
}

const needed = 'Needed: snapshots.create, tasks.get, tasks.cancel, version, stats.get for indexes ["*"].'

export function authorization(observation: InstanceObservation): Wanted {
  return { type: instanceConditions.Authorized, ...judgeKey(observation) }
}

function judgeKey({ server, instance, managed }: InstanceObservation): Judgement {
  const reference = serverIn(instance).apiKeySecretRef
  const key =
    reference === undefined
      ? 'No key (apiKeySecretRef is not set)'
      : `The key in Secret ${reference.name}/${reference.key}`
  switch (server.state) {
    case 'SecretMissing':
      return failedCheck(instanceReasons.KeyMissing, server.message)
    case 'KeyUnusable':
      return failedCheck(instanceReasons.KeyRefused, server.message)
    case 'KeyRefused':
      return failedCheck(
        instanceReasons.KeyRefused,
        `${key} is refused: ${server.message.replace(/[.\s]+$/, '')}. ${needed}`,
      )
    case 'KeyTooWeak':
      return failedCheck(instanceReasons.KeyTooWeak, `${key} lacks ${server.missing.join(', ')}. ${needed}`)
    case 'KeyScoped':
      return failedCheck(
        instanceReasons.KeyTooWeak,
        `${key} is limited to some indexes, so it cannot see snapshot tasks. ${needed}`,
      )
    case 'Answered':
      if (managed !== undefined && managed.connection === undefined)
        return failedCheck(
          instanceReasons.KeysPending,
          `Secret ${connectionSecretName(instance)} for applications is being written.`,
        )
      return passedCheck(reference === undefined ? 'The server asks for no key.' : `${key} is accepted.`)
    default:
      return notChecked('The server did not answer.')
  }
}
