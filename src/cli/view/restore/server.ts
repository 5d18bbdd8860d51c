// How a MeiliInstance that starts from a snapshot is followed until its server answers. Pure.
import { meiliInstances } from '../../../api/instance.ts'
import { conditionTypes } from '../../../api/meta.ts'
import type { Condition } from '../../../api/meta.ts'
import { conditionNamed, isTrue } from '../../../api/status/conditions.ts'
import type { Instance } from '../../cluster.ts'
import { operand } from '../../terminal/shell.ts'
import { countText } from '../../terminal/format.ts'
import type { Followed } from '../followed.ts'

const isSeen = ({ metadata, status }: Instance): boolean => status?.observedGeneration === metadata.generation
const isReady = ({ status }: Instance): boolean => isTrue(status?.conditions, conditionTypes.Ready)
const isStalled = ({ status }: Instance): boolean => isTrue(status?.conditions, conditionTypes.Stalled)
const readyOf = ({ status }: Instance): Condition | undefined =>
  conditionNamed(status?.conditions, conditionTypes.Ready)

export const followedServer: Followed<Instance> = {
  resource: meiliInstances,
  hasEnded: (instance) => isSeen(instance) && (isReady(instance) || isStalled(instance)),
  isDone: isReady,
  text: (instance) => readyOf(instance)?.message ?? 'the operator has not looked at it yet',
  step: (instance) => readyOf(instance)?.reason ?? '',
  endText: (instance) => {
    const { name } = instance.metadata
    const { reason = '', message = '' } = readyOf(instance) ?? {}
    if (!isReady(instance)) return `${name} does not start: ${reason}: ${message}`
    const { database, version = 'of unknown version' } = instance.status ?? {}
    const documents = database === undefined ? '' : ` with ${countText(database.documents)} documents`
    return `${name} serves: Meilisearch ${version}${documents}`
  },
  again: (name) => `kubectl wait --for=condition=Ready meiliinstance/${operand(name)}`,
}
