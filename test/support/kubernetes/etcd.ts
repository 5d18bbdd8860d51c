// etcd behind a control plane, by its own HTTP interface: what no client of the API server can do.
import { request } from 'undici'

async function ask(etcd: string, path: string, body: object): Promise<unknown> {
  const reply = await request(`${etcd}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const text = await reply.body.text()
  if (reply.statusCode !== 200) throw new Error(`etcd answered ${reply.statusCode} to ${path}: ${text}`)
  return JSON.parse(text) as unknown
}

/** Forgets all versions but the current one, as etcd does after some minutes anyway. */
export async function compactEtcd(etcd: string): Promise<void> {
  const { header } = (await ask(etcd, 'maintenance/status', {})) as { header: { revision: string } }
  await ask(etcd, 'kv/compaction', { revision: header.revision, physical: true })
}
