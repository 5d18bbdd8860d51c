// The spec of a server that someone else runs: how its pod is found, and how the server in it is reached.
import { z } from 'zod'
import { labelName, secretKeyReference } from '../meta.ts'
import { selectorShape } from './pod.ts'

const podSelector = z
  .object(selectorShape)
  .describe('Selects the one pod that runs the server. A snapshot is a file of one pod, so it must select exactly one.')
  .meta({
    'x-kubernetes-map-type': 'atomic',
    'x-kubernetes-validations': [
      {
        rule: '(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)',
        message: 'an empty podSelector selects every pod: name the labels of the one that runs Meilisearch',
      },
    ],
  })

export const existing = z
  .object({
    podSelector,
    container: labelName('a container of the pod', 'container')
      .optional()
      .describe('Container that runs Meilisearch. Without it: the one whose port is `port`, else the only one.'),
    port: z.int().min(1).max(65_535).default(7700).describe('Port on which Meilisearch listens in the pod.'),
    scheme: z.enum(['HTTP', 'HTTPS']).default('HTTP').describe('HTTPS when Meilisearch itself serves TLS.'),
    tls: z
      .object({
        caSecretRef: secretKeyReference
          .describe('Certificate authority (PEM) that signed the server certificate.')
          .optional(),
        serverName: z
          .string()
          .min(1)
          .max(253)
          .describe("Name in the server certificate; certificates seldom hold a pod's address.")
          .optional(),
      })
      .describe('How to check the server certificate. Only with scheme HTTPS.')
      .optional(),
    apiKeySecretRef: secretKeyReference
      .describe(
        'Master key, or a key with snapshots.create, tasks.get, tasks.cancel, version and stats.get for all indexes. Without it the server is expected to run without a key.',
      )
      .optional(),
    snapshotDirectory: z
      .string()
      .max(4096)
      .regex(
        /^\/[^\r\n]*$/,
        'snapshotDirectory is an absolute path in the container: write for example /meili_data/snapshots',
      )
      .describe(
        "Absolute path of the snapshot directory in the container. Without it: read from the container's flags and environment, as Meilisearch itself would.",
      )
      .optional(),
  })
  .describe('A server that someone else runs. Its objects are read and never changed.')
  .meta({
    'x-kubernetes-validations': [
      { rule: "!has(self.tls) || self.scheme == 'HTTPS'", message: 'tls needs scheme: HTTPS' },
    ],
  })
