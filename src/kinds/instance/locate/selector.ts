// Writes a label selector in the form that a list request takes. Pure.
import type { ExistingServer } from '../../../api/instance.ts'

type Requirement = NonNullable<ExistingServer['podSelector']['matchExpressions']>[number]

function requirementText({ key, operator, values = [] }: Requirement): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`
    case 'NotIn':
      return `${key} notin (${values.join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
  }
}

/** `app=search,tier in (a,b)`. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: ExistingServer['podSelector']): string {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(requirementText),
  ].join(',')
}
