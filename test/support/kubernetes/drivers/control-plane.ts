// A program that starts a control plane, says so in one line, and waits to be ended: what the test of the control plane kills.
import { startControlPlane } from '../../../cluster/control-plane/control-plane.ts'

const { stateDirectory, server, kubeconfig } = await startControlPlane()
console.log(JSON.stringify({ stateDirectory, server, kubeconfig }))
process.once('SIGTERM', () => process.exit(0))
setInterval(() => {}, 60_000)
