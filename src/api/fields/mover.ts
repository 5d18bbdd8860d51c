// The fields of the mover's pod that a user may set.
import { z } from 'zod'
import { exponentTooLong, nameOrNone, quantity } from '../meta.ts'
import { nodeSelector, resources, tolerations } from './pod.ts'

export const mover = z
  .object({
    resources: resources.describe('Without it: requests 100m and 96Mi, limits 2 and 256Mi.').optional(),
    tolerations: tolerations.describe('Added to those of the target pod.').optional(),
    nodeSelector: nodeSelector.optional(),
    stream: z
      .object({
        mode: z
          .enum(['Never', 'IfNeeded'])
          .default('Never')
          .describe(
            'IfNeeded sends the file through the API server where no mover can mount it: from a ReadWriteOncePod claim, an emptyDir, a hostPath, the container file system. It needs the operator to be installed with streaming.',
          ),
        maxSize: quantity.default('10Gi').describe('A larger file is not sent.'),
      })
      .describe('How to get at a file that no other pod can mount.')
      .prefault({}),
    priorityClassName: nameOrNone('a PriorityClass', 'priorityClassName').optional(),
    bandwidthLimit: quantity
      .meta({
        'x-kubernetes-validations': [
          {
            rule: `string(self).${exponentTooLong} || quantity(string(self)).compareTo(quantity('1Mi')) >= 0`,
            message: 'bandwidthLimit is at least 1Mi (bytes per second): write for example 50Mi',
          },
        ],
      })
      .describe('Bytes per second, for copying and for reading back. Without it: as fast as the volumes are.')
      .optional(),
  })
  .describe('The pod that moves the file. What is not set follows the target pod.')
