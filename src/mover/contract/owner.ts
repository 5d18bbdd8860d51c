// The object that a mover works for. Pure: operator and mover both import it.
import { z } from 'zod'

/** Its uid becomes part of file names. */
export const owner = z.object({
  uid: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  namespace: z.string(),
  name: z.string(),
})
