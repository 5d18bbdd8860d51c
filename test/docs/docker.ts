// docker build -t NAME DIRECTORY, docker push NAME, as the docs have them, on a machine without Docker: buildah builds the real Dockerfile on the test
// cluster's base, and "push" puts the image where the cluster finds it, which is on its nodes.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runningCluster } from '../cluster/cluster.ts'
import { operatorArchive } from '../cluster/images/operator-image.ts'

async function build(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: { tag: { type: 'string', short: 't' } },
    allowPositionals: true,
  })
  const [context] = positionals
  if (values.tag === undefined || context === undefined)
    throw new Error('docker build: here it takes -t NAME DIRECTORY')
  await operatorArchive({ name: values.tag, context: resolve(context) })
}

async function push([name]: string[]): Promise<void> {
  const cluster = runningCluster()
  if (name === undefined || cluster === undefined) throw new Error('docker push: a name, and a cluster that runs')
  // Built before, so this is the archive from the cache.
  await cluster.loadImage(await operatorArchive({ name, context: process.cwd() }))
}

const [verb, ...args] = process.argv.slice(2)
if (verb === 'build') await build(args)
else if (verb === 'push') await push(args)
else throw new Error(`docker ${verb ?? ''}: the docs use build and push alone`)
