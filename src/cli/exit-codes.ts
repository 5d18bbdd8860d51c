// The plugin's exit codes, for scripts. docs/kubectl-meili.md names them.

export const exitCodes = {
  /** What was asked for is done, or is well. */
  done: 0,
  /** The snapshot has failed, or doctor has found a problem. */
  failed: 1,
  /** It is still under way when --timeout is over. */
  timedOut: 2,
  /** It could not be done or found out: no cluster, no right, no such object. */
  impossible: 3,
  /** The command line is wrong (EX_USAGE of sysexits.h). */
  usage: 64,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
