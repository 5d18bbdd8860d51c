// Runs one program to its end. A failure names the command line, the exit code and what it printed.
import { spawn } from 'node:child_process'

export interface CommandOptions {
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly input?: string
  /** Where the command prints progress: its output goes there as it comes, and is not collected. */
  readonly inherit?: boolean
}

/** Gives back what the program wrote to its standard output. Throws when it ends with anything but 0. */
export async function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const output = options.inherit === true ? 'inherit' : 'pipe'
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.environment ?? process.env,
    stdio: ['pipe', output, output],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A program that ends without reading its input is no error of ours.
  child.stdin?.on('error', () => {}).end(options.input ?? '')
  const ended = await new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code === 0 ? '' : `ended with ${signal ?? code}`))
  })
  if (ended !== '')
    throw new Error(`${[program, ...args].join(' ')}: ${ended}\n${`${stdout}${stderr}`.trim().slice(-4000)}`)
  return stdout
}
