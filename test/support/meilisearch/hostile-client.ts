// The operator's client as a process of its own, so that its memory can be bounded: `node hostile-client.ts ENDPOINT…` asks all of them at once.
// Prints, one line for each, what became of GET /stats and of a look for tasks.
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'

async function outcome(endpoint: string): Promise<string> {
  const client = new MeilisearchClient({ endpoint, key: 'a-key' })
  const [stats, tasks] = await Promise.allSettled([client.stats(), client.newestTask()])
  return [stats, tasks]
    .map((ended) => (ended.status === 'rejected' ? (ended.reason as Error).message : 'well'))
    .join(' | ')
}

for (const line of await Promise.all(process.argv.slice(2).map(outcome))) console.log(line)
