// Finds the image of a server that runs, by its digest where a registry has one under that name; and what it was pulled with. Pure.
import type { V1Pod } from '@kubernetes/client-node'

/** Undefined where the pod has no such container. */
export function imageOf(pod: V1Pod | undefined, container: string | undefined): string | undefined {
  const isServer = ({ name }: { name: string }): boolean => name === container
  const image = pod?.spec?.containers.find(isServer)?.image
  const { imageID } = pod?.status?.containerStatuses?.find(isServer) ?? {}
  return image === undefined ? undefined : (byDigest(image, imageID) ?? image)
}

/** An image that was loaded on to the node by hand has an id that no registry knows: then the name must do, which the node has. */
function byDigest(image: string, imageID: string | undefined): string | undefined {
  const [name = '', digest] = (imageID ?? '').replace(/^docker-pullable:\/\//, '').split('@')
  if (digest === undefined) return undefined
  const wanted = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  return [wanted, `docker.io/${wanted}`, `docker.io/library/${wanted}`].includes(name) ? `${name}@${digest}` : undefined
}

export function pullSecretsOf(pod: V1Pod | undefined): readonly string[] {
  return (pod?.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]))
}
