// What a user may say of the mover's pod.
import { z } from 'zod'
import { nodeSelector, resources, tolerations } from './pod.ts'

export const mover = z
  .object({
    resources: resources.describe('Without it: requests 100m and 96Mi, limits 2 and 256Mi.').optional(),
    tolerations: tolerations.describe("Added to those of the target pod.").optional(),
    nodeSelector: nodeSelector.optional(),
    priorityClassName: z.string().max(253).optional(),
  })
  .describe('The pod that moves the file. What is not set follows the target pod.')
