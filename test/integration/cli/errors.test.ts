// What a user sees where the plugin cannot do it: one sentence with the remedy, no stack, an exit code that says why.
import { describe, expect, test } from 'vitest'
import { apiServer, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended, RunOptions } from '../../support/kubernetes/plugin.ts'

const api = apiServer()
const plugin = pluginOn(api)

/** Nothing on stdout, one line on stderr, no stack. */
async function expectRefusal(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await plugin.run(words, options)
  expect(ended.out).toBe('')
  expect(ended.err).toMatch(/^error: .*\n$/)
  expect(ended.err).not.toMatch(/ {4}at |bug/)
  return ended
}

describe('without a cluster', () => {
  test('no kubeconfig at all', async () => {
    expect(await expectRefusal(['status'], { kubeconfig: '' })).toMatchObject({
      code: 3,
      err: 'error: There is no cluster in the default kubeconfig: set KUBECONFIG, or run in a pod with a service account.\n',
    })
  })

  test('a kubeconfig that is not there, or is none', async () => {
    expect((await expectRefusal(['status', '--kubeconfig', '/nowhere/config'])).err).toMatch(
      /The kubeconfig cannot be read: ENOENT.*\/nowhere\/config.*Name another one with --kubeconfig or KUBECONFIG\./,
    )
    expect((await expectRefusal(['status', '--kubeconfig', api.file('a: [b')])).err).toContain(
      'The kubeconfig cannot be read: ',
    )
  })

  test('a context that is not in it', async () => {
    expect(await expectRefusal(['status', '--context', 'moon'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('There is no context moon') as unknown,
    })
  })

  test('nobody answers', async () => {
    const kubeconfig = api.kubeconfig({ cluster: { server: 'https://127.0.0.1:1' } })
    expect(await expectRefusal(['doctor'], { kubeconfig })).toMatchObject({
      code: 3,
      err: expect.stringMatching(
        /^error: The cluster at https:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED.*Is it up, and is it the one you mean\?/,
      ) as unknown,
    })
  })

  test('it does not know who asks', async () => {
    const kubeconfig = api.kubeconfig({ user: { token: 'not-a-token-of-this-cluster' } })
    const { err, code } = await expectRefusal(['status'], { kubeconfig })
    expect({ code, err }).toMatchObject({
      code: 3,
      err: expect.stringContaining('does not accept who you are (401). Log in again') as unknown,
    })
    expect(err).not.toContain('not-a-token')
  })
})

test('without the right: which one, and whom to ask', async () => {
  const kubeconfig = api.kubeconfig({ user: { token: await api.token(await api.account()) } })
  const { err, code } = await expectRefusal(['snapshot', 'list'], { kubeconfig })
  expect(code).toBe(3)
  expect(err).toMatch(
    /^error: You may not do this: meilisnapshots\.meili-operator\.dev is forbidden: User "system:serviceaccount:default:\S+" cannot list resource "meilisnapshots".* Ask whoever runs the cluster/,
  )
})

describe('wrong usage ends with 64 and names the nearest right word:', () => {
  test.each([
    [['stats'], /unknown command 'stats'\n\(Did you mean status\?\)/],
    [['snapshot', 'crate'], /unknown command 'crate'\n\(Did you mean create\?\)/],
    [['status', '--all-namespace'], /unknown option '--all-namespace'\n\(Did you mean --all-namespaces\?\)/],
    [
      ['status', '-o', 'xml'],
      /'-o, --output <format>' argument 'xml' is invalid\. Allowed choices are json, yaml, name\./,
    ],
    [['wait'], /missing required argument 'snapshot'/],
    [['wait', 'a', 'b'], /too many arguments/],
    [['wait', 'a', '--timeout', 'soon'], /write for example 90s, 10m or 1h30m/],
    [['doctor', '-o', 'name'], /Allowed choices are json, yaml\./],
  ])('%j', async (words, says) => {
    const { code, out, err } = await plugin.run(words)
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toMatch(says)
  })
})

describe('help', () => {
  test.each([
    [[]],
    [['status']],
    [['snapshot', 'create']],
    [['snapshot', 'list']],
    [['snapshot', 'describe']],
    [['wait']],
    [['adopt']],
    [['doctor']],
    [['completion']],
  ])('%j has examples, and needs no cluster', async (words) => {
    const { code, out, err } = await plugin.run([...words, '--help'], { kubeconfig: '' })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Usage: kubectl meili /)
    expect(out).toMatch(/\nExamples:\n {2}# .*\n {2}kubectl meili /)
  })

  test('is what the bare program gives', async () => {
    const { code, out } = await plugin.run([], { kubeconfig: '' })
    expect(code).toBe(0)
    expect(out).toBe((await plugin.run(['help'], { kubeconfig: '' })).out)
  })
})

// Last: it takes the CRDs away from everybody.
test('before the CRDs: how to install them', async () => {
  await api.kubectl.run(['delete', 'crd', '--all', '--wait'])
  for (const words of [['status'], ['snapshot', 'list'], ['wait', 'first']]) {
    expect(await expectRefusal(words)).toMatchObject({
      code: 3,
      err: expect.stringContaining(
        "does not know meili-operator's kinds: install its CRDs and the operator (kubectl apply --server-side -f install.yaml)",
      ) as unknown,
    })
  }
})
