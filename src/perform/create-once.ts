// Creates an object whose name says what it is for: one that is there under that name is it, if it is ours.
import { Conflict } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, Resource } from '../kube/resource.ts'

interface Named extends Pick<KubeObject, 'apiVersion' | 'kind'> {
  readonly metadata: { readonly name: string; readonly namespace: string }
}

/** `Taken`: somebody else's has that name. @throws the Conflict where what caused it has gone since */
export async function createOnce(
  kube: Pick<KubeClient, 'create' | 'find'>,
  { resource, object }: { readonly resource: Resource; readonly object: Named },
  isOurs: (there: KubeObject) => boolean,
): Promise<'There' | 'Taken'> {
  try {
    await kube.create(resource, object)
    return 'There'
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
    const { namespace, name } = object.metadata
    const there = await kube.find(resource, { namespace, name })
    if (there === undefined) throw error
    return isOurs(there) ? 'There' : 'Taken'
  }
}
