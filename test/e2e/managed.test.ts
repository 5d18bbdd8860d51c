// Servers that the operator runs, on the real cluster with the real Meilisearch: from the smallest object to its end.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from './world.ts'

describe('the smallest managed instance', () => {
  let world: World

  beforeAll(async () => {
    world = await World.create()
  })
  afterAll(async () => {
    await world.destroy()
  })

  test('becomes Ready, and an application finds url and key in its Secret', async () => {
    const server = await world.run('movies')
    await server.load(500)
    const data = await world.secret('movies-connection')
    expect(data['url']).toBe(`http://movies.${world.namespace}.svc:7700`)
    const asApplication = server.as(data['searchKey'] ?? '')
    expect(await asApplication.hits('films', 'alien')).toBe(await server.api.hits('films', 'alien'))
    await expect(asApplication.counts()).rejects.toThrow('invalid_api_key')
    const { status } = await world.instance('movies')
    expect(status).toMatchObject({ version: '1.21.0', connectionSecretName: 'movies-connection' })
  })
})
