// The operator's environment: defaults, and a complaint that names each variable and no value.
import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { configFrom } from '../../../src/operator/config.ts'

const least = { MOVER_IMAGE: 'example.test/meili-operator:1' }
const complaint = (variables: NodeJS.ProcessEnv): string => {
  try {
    configFrom(variables)
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

describe('defaults', () => {
  test('the mover image is all that must be given', () => {
    expect(configFrom(least)).toEqual({
      MOVER_IMAGE: 'example.test/meili-operator:1',
      MOVER_IMAGE_PULL_SECRETS: [],
      MAX_MOVERS: 10,
      MAX_STREAMS: 0,
      WATCH_NAMESPACES: [],
      MANAGED_INSTANCES: false,
      INSTANCE_POLL_SECONDS: 60,
      LOG_LEVEL: 'info',
      HTTP_HOST: '::',
      HTTP_PORT: 8080,
      POD_NAME: hostname(),
      POD_IP: '',
      POD_NAMESPACE: 'meili-operator-system',
      LEASE_NAME: 'meili-operator',
    })
  })

  test('a variable that is set to nothing is not set', () => {
    const empty = {
      HTTP_PORT: '',
      MAX_MOVERS: '',
      LOG_LEVEL: '',
      KUBECONFIG: '',
      POD_NAME: '',
      POD_NAMESPACE: '',
      LEASE_NAME: '',
      INSTANCE_POLL_SECONDS: '',
      WATCH_NAMESPACES: '',
      HTTP_HOST: '',
      POD_IP: '',
    }
    expect(configFrom({ ...least, ...empty })).toEqual(configFrom(least))
  })

  test('what belongs to others is left out', () => {
    expect(configFrom({ ...least, PATH: '/bin', MEILI_MASTER_KEY: 'secret' })).toEqual(configFrom(least))
  })

  test('cannot be changed', () => {
    expect(Object.isFrozen(configFrom(least))).toBe(true)
  })
})

describe('values', () => {
  test.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a , b ,', ['a', 'b']],
    [',', []],
  ])('a list %j is %j', (text, names) => {
    expect(configFrom({ ...least, WATCH_NAMESPACES: text, MOVER_IMAGE_PULL_SECRETS: text })).toMatchObject({
      WATCH_NAMESPACES: names,
      MOVER_IMAGE_PULL_SECRETS: names,
    })
  })

  test('numbers come as text', () => {
    expect(configFrom({ ...least, MAX_MOVERS: '3', INSTANCE_POLL_SECONDS: '300', HTTP_PORT: '0' })).toMatchObject({
      MAX_MOVERS: 3,
      INSTANCE_POLL_SECONDS: 300,
      HTTP_PORT: 0,
    })
  })
})

describe('complaints', () => {
  test.each([
    ['MOVER_IMAGE', {}],
    ['MOVER_IMAGE', { MOVER_IMAGE: '' }],
    ['MAX_MOVERS', { ...least, MAX_MOVERS: '0' }],
    ['MAX_MOVERS', { ...least, MAX_MOVERS: '2.5' }],
    ['MAX_MOVERS', { ...least, MAX_MOVERS: 'many' }],
    ['INSTANCE_POLL_SECONDS', { ...least, INSTANCE_POLL_SECONDS: '29' }],
    ['INSTANCE_POLL_SECONDS', { ...least, INSTANCE_POLL_SECONDS: '301' }],
    ['LOG_LEVEL', { ...least, LOG_LEVEL: 'loud' }],
    ['HTTP_PORT', { ...least, HTTP_PORT: '65536' }],
    ['HTTP_PORT', { ...least, HTTP_PORT: 'tcp://10.0.0.1:80' }],
  ])('%s of %j', (name, variables) => {
    expect(complaint(variables)).toMatch(new RegExp(`^The operator's environment is not right\\. ${name}: \\S+`))
  })

  test('of all that is wrong at once, without the values', () => {
    const message = complaint({ MAX_MOVERS: 'hidden-value', LOG_LEVEL: 'hidden-value' })
    expect(message).toMatch(/MOVER_IMAGE: .*MAX_MOVERS: .*LOG_LEVEL: .*"debug"/)
    expect(message).not.toContain('hidden-value')
  })
})
