// Parses the operator's settings from the environment into one frozen object. The only reader of process.env beside the mover's.
import { hostname } from 'node:os'
import { z } from 'zod'

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )

const environment = z.object({
  /** Image of the mover: the operator's own. */
  MOVER_IMAGE: z.string().min(1),
  /** Pull secrets by name; they must exist in the namespaces of the snapshots. */
  MOVER_IMAGE_PULL_SECRETS: list,
  /** How many movers may run at once, in all namespaces; as many deletions of artifacts beside them. Where one namespace has them all, one more of another may run, unless this is 1. */
  MAX_MOVERS: z.coerce.number().int().min(1).default(10),
  /** How many snapshots may be streamed through the API server at once, where no mover can mount the file; 0 for never. It needs the rights of install-streaming.yaml, or stream.exec in the chart. */
  MAX_STREAMS: z.coerce.number().int().min(0).max(6).default(0),
  /** Namespaces to serve, separated by commas; empty for all. */
  WATCH_NAMESPACES: list,
  /** Whether to run servers (`spec.managed`): needs the rights of ClusterRole meili-operator-managed. */
  MANAGED_INSTANCES: z
    .enum(['true', 'false'])
    .default('false')
    .transform((word) => word === 'true'),
  /** How often a healthy server is asked. */
  INSTANCE_POLL_SECONDS: z.coerce.number().int().min(30).max(300).default(60),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** Where /healthz, /readyz and /metrics are served: on IPv6 and IPv4, or on IPv4 alone where there is no IPv6. */
  HTTP_HOST: z.string().default('::'),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  POD_NAME: z.string().default(hostname()),
  /** The first address of our pod: managed servers listen on that family. */
  POD_IP: z.string().default(''),
  POD_NAMESPACE: z.string().default('meili-operator-system'),
  LEASE_NAME: z.string().min(1).default('meili-operator'),
  /** Outside a cluster; inside, the service account is used. */
  KUBECONFIG: z.string().optional(),
})

export type Config = Readonly<z.output<typeof environment>>

/**
 * A variable that is set to nothing counts as not set: templates without a value for it write one.
 * @throws Error that names each variable that is missing or wrong, and what it should be; never their values
 */
export function configFrom(variables: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(`The operator's environment is not right. ${problems.join('; ')}`)
}
