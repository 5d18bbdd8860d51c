// A program that starts a whole cluster, says so in one line, and waits to be ended: what the test of the cluster kills.
import { startCluster } from '../../../cluster/cluster.ts'

const cluster = await startCluster({ nodes: 1, log: (line) => console.error(line) })
console.log(
  JSON.stringify({ namespacePid: cluster.namespacePid, kubeconfig: cluster.kubeconfig, kubectl: cluster.kubectl }),
)
setInterval(() => {}, 60_000)
