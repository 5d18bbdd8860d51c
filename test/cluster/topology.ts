// The fixed names and addresses of the whole cluster. All of them exist only inside its own network namespace.

export interface NodeSpec {
  readonly name: string
  readonly address: string
  readonly podSubnet: string
  readonly bridge: string
}

export const nodes: readonly [NodeSpec, NodeSpec] = [
  { name: 'node-1', address: '10.77.0.1', podSubnet: '10.244.1.0/24', bridge: 'pods1' },
  { name: 'node-2', address: '10.77.0.2', podSubnet: '10.244.2.0/24', bridge: 'pods2' },
]

export const apiServerAddress = '10.77.0.1'
export const apiServerPort = 6443
export const serviceSubnet = '10.96.0.0/16'
export const podSubnet = '10.244.0.0/16'
