// A Git repository as a team has it for its deployments: files, and a commit for each change.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { command } from '../../cluster/process/command.ts'

const name = 'deploy'
const author = ['-c', 'user.name=Platform', '-c', 'user.email=platform@example.com', '-c', 'commit.gpgsign=false']

export class DeployRepository implements Disposable {
  /** The repository lies in here as `deploy`. */
  readonly root = mkdtempSync(join(tmpdir(), 'meili-operator-git-'))
  readonly #tree = join(this.root, name)

  static async create(): Promise<DeployRepository> {
    const repository = new DeployRepository()
    await command('git', ['init', '--quiet', '--initial-branch=main', repository.#tree])
    return repository
  }

  /** A file or a directory from elsewhere. */
  copy(from: string, to: string): this {
    cpSync(from, join(this.#tree, to), { recursive: true })
    return this
  }

  write(path: string, text: string): this {
    const whole = join(this.#tree, path)
    mkdirSync(dirname(whole), { recursive: true })
    writeFileSync(whole, text)
    return this
  }

  remove(path: string): this {
    rmSync(join(this.#tree, path), { recursive: true })
    return this
  }

  /** Gives back the commit's hash. */
  async commit(message: string): Promise<string> {
    await this.#git('add', '--all')
    await this.#git(...author, 'commit', '--quiet', '--message', message)
    return (await this.#git('rev-parse', 'HEAD')).trim()
  }

  async #git(...args: readonly string[]): Promise<string> {
    return await command('git', ['-C', this.#tree, ...args])
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
