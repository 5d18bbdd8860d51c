// The audit of rights: what was denied, what was never used, and what is neither.
import { expect, test } from 'vitest'
import { rightsFindings } from '../../run/rights.ts'

const manifest = `
kind: ClusterRole
rules:
  - apiGroups: [""]
    resources: [pods, pods/log]
    verbs: [get]
  - apiGroups: [apps]
    resources: [statefulsets]
    verbs: [get, patch]
  - apiGroups: [meili-operator.dev]
    resources: [meiliinstances/finalizers]
    verbs: [update]
---
kind: ClusterRole
metadata:
  labels:
    rbac.authorization.k8s.io/aggregate-to-view: "true"
rules:
  - apiGroups: [meili-operator.dev]
    resources: [meiliinstances]
    verbs: [get]
---
kind: Deployment
`
const ours = 'system:serviceaccount:meili-operator-system:meili-operator'
const line = (verb: string, objectRef: object, more: { user?: string; decision?: string } = {}): string =>
  JSON.stringify({
    verb,
    user: { username: more.user ?? ours },
    objectRef,
    annotations: { 'authorization.k8s.io/decision': more.decision ?? 'allow' },
  })
const pods = { resource: 'pods' }
const sets = { apiGroup: 'apps', resource: 'statefulsets' }
const all = [line('get', pods), line('get', { ...pods, subresource: 'log' }), line('get', sets), line('patch', sets)]

test('a run that used all of it and nothing else', () => {
  expect(rightsFindings(all.join('\n'), manifest)).toEqual({ denied: [], unused: [] })
})

test('what was never used is named, by verb and subresource', () => {
  expect(rightsFindings(all.slice(1, 3).join('\n'), manifest).unused).toEqual([
    'get core/pods',
    'patch apps/statefulsets',
  ])
})

test('what was denied is named, unless a test took the right away; a denied request uses nothing', () => {
  const denied = [
    ...all.slice(0, 3),
    line('patch', sets, { decision: 'forbid' }),
    line('list', { resource: 'secrets' }, { decision: 'forbid' }),
  ]
  expect(rightsFindings(denied.join('\n'), manifest)).toEqual({
    denied: ['list core/secrets'],
    unused: ['patch apps/statefulsets'],
  })
})

test('others do not count, nor a line that is still being written', () => {
  const log = [...all.slice(0, 3), line('patch', sets, { user: 'admin' }), line('patch', sets).slice(0, 40)].join('\n')
  expect(rightsFindings(log, manifest).unused).toEqual(['patch apps/statefulsets'])
})
