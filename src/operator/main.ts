// The operator's process: reads its settings, runs until a signal, and exits.
import process from 'node:process'
import { version } from '../telemetry/version.ts'
import { compose } from './compose.ts'
import { configFrom } from './config.ts'
import type { Config } from './config.ts'
import { connect } from '../kube/connection.ts'
import { createLogger } from '../telemetry/logger.ts'

/** A bad setting is one line of the log, like everything else. */
function readConfig(): Config | undefined {
  try {
    return configFrom(process.env)
  } catch (error) {
    createLogger('info').fatal(
      { reason: error instanceof Error ? error.message : String(error) },
      'the operator cannot start',
    )
    return undefined
  }
}

async function main(): Promise<number> {
  const config = readConfig()
  if (config === undefined) return 1
  const logger = createLogger(config.LOG_LEVEL)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  try {
    logger.info({ version, node: process.version, namespaces: config.WATCH_NAMESPACES }, 'starting')
    await compose(config, { connection: connect(config.KUBECONFIG, undefined, process.env), logger }).run(stop.signal)
    logger.info('stopped')
    return 0
  } catch (error) {
    logger.fatal({ err: error }, 'the operator ends')
    return 1
  }
}

process.exit(await main())
