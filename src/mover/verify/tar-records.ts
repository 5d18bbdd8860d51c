// Reads the entries of a tar that say something of the entry after them: long names (GNU) and records (pax). Pure.
import { ArchiveError } from './tar-header.ts'

export const metadataTypes = 'LKxg'

/** Of what follows, a metadata entry may give the name and the size. A long link target and global records say nothing we need. */
export function metadataOf(type: string, body: Buffer): { name?: string; size?: number } {
  if (type === 'L') return { name: body.toString('utf8').replace(/\0+$/, '') }
  if (type !== 'x') return {}
  const records = paxRecords(body)
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.')))
    throw new ArchiveError('the tar holds a sparse entry in the form of pax, which Meilisearch does not read either')
  const path = records.get('path')
  const size = records.get('size')
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw new ArchiveError('a pax record of the tar holds an impossible size')
  return { ...(path === undefined ? {} : { name: path }), ...(size === undefined ? {} : { size: Number(size) }) }
}

/** Records are `<length> <key>=<value>\n`, where length counts the whole record. */
function paxRecords(body: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const head = /^(\d{1,6}) /.exec(body.toString('latin1', at, at + 7))
    const end = at + Number(head?.[1] ?? 0)
    const record = body.toString('utf8', at + (head?.[0].length ?? 0), end - 1)
    const equals = record.indexOf('=')
    if (head === null || end > body.length || body[end - 1] !== 0x0a || equals === -1)
      throw new ArchiveError('a pax record of the tar is damaged')
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at = end
  }
  return records
}
