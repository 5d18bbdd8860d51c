// YAML as the API server reads it. It reads version 1.1: there `y`, `N` and `off` are booleans unless they are quoted.
import { stringify } from 'yaml'

export const yamlText = (object: unknown): string =>
  stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
