// What the tests of a file share of Kubernetes: an API server, a namespace, the plugin. Each call takes care of start and end, by hooks of the file
// or the `describe` in which it stands; only hooks after it and tests may use what it gives.
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { KubeApi } from './kube-api.ts'
import { Plugin } from './plugin.ts'

/** With all of install.yaml on it, or bare. */
export function apiServer(content: 'installed' | 'bare' = 'installed'): KubeApi {
  const api = new KubeApi()
  beforeAll(async () => {
    await api.start()
    if (content === 'installed') await api.install()
  }, 120_000)
  afterAll(async () => {
    await api[Symbol.asyncDispose]()
  })
  return api
}

/** One for all tests. */
export function namespaceOn(api: KubeApi): string {
  const name = api.name('place')
  beforeAll(async () => {
    await api.namespace(name)
  })
  return name
}

/** Another one for each test, which `here.namespace` names. */
export function namespaceOfEachTest(api: KubeApi): { namespace: string } {
  const here = { namespace: '' }
  beforeEach(async () => {
    here.namespace = await api.namespace()
  })
  return here
}

/** kubectl-meili for users of this API server. */
export function pluginOn(api: KubeApi): Plugin {
  const plugin = new Plugin()
  beforeAll(async () => {
    await plugin.install(api.plane)
  })
  afterAll(() => {
    plugin[Symbol.dispose]()
  })
  return plugin
}
