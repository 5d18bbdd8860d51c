// Tells whether something that nobody can see (a Secret's unnamed keys, a script, another image) may set a database's path. Pure.
import type { V1Container } from '@kubernetes/client-node'

export function mayHideDatabase(container: V1Container): boolean {
  return readsSecrets(container) || isWrapped(container) || isOtherImage(container)
}

/** What the container is started with. */
export const wordsOf = ({ command = [], args = [] }: V1Container): readonly string[] => [...command, ...args]

const hidable = ['MEILI_DB_PATH', 'MEILI_CONFIG_FILE_PATH']

const readsSecrets = ({ envFrom = [] }: V1Container): boolean =>
  envFrom.some(
    ({ secretRef, prefix = '' }) => secretRef !== undefined && hidable.some((variable) => variable.startsWith(prefix)),
  )

/** Meilisearch itself, or behind an init: what stands before its flags. */
const plainStart = /^(?:--|-[a-z]|(?:.*\/)?(?:tini|dumb-init|meilisearch))$/

/** A shell line or a script may do anything before the server starts, and a word that is a reference may become any flag. */
function isWrapped(container: V1Container): boolean {
  const words = wordsOf(container)
  const first = words.find((word) => !plainStart.test(word))
  return (first !== undefined && !first.startsWith('--')) || words.some((word) => word.startsWith('$('))
}

/** An image may set variables of its own. Without a name it is the API server's to refuse. */
const isOtherImage = ({ image }: V1Container): boolean =>
  image !== undefined && !/(?:^|\/)meilisearch(?:-enterprise)?(?:[:@]|$)/.test(image)
