// The network of the cluster, made inside its own network namespace: loopback and one pair of virtual cards that carries the node addresses.
// The default route leads to a neighbour that does not exist: no packet can leave the machine.
import { writeFileSync } from 'node:fs'
import { command } from './process/command.ts'
import { nodes } from './topology.ts'

export async function makeNetwork(): Promise<void> {
  const ip = async (line: string): Promise<string> => command('ip', line.split(' '))
  await ip('link set lo up')
  // There are no dummy devices in some kernels, virtual pairs are in all that can run pods.
  await ip('link add nodes0 type veth peer name nodes1')
  for (const { address } of nodes) await ip(`address add ${address}/24 dev nodes0`)
  await ip('link set nodes1 up')
  await ip('link set nodes0 up')
  await ip('route add default via 10.77.0.254 dev nodes0')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
}
