// `kubectl meili restore` and `drill`: their commands, flags and help.
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { runCleanUp, runRollback } from '../command/restore/change.ts'
import { runRestore } from '../command/restore/restore.ts'
import { runDrill } from '../command/restore/server.ts'
import { runRestoreDescribe, runRestoreList } from '../command/restore/show.ts'
import { formats } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { dryRun, everywhere, examples, exits, output, timeout } from './options.ts'
import type { Flags, Query, Within } from './options.ts'

export function addRestore(program: Command, terminal: Terminal, within: Within): void {
  const restore = program
    .command('restore')
    .enablePositionalOptions()
    .summary('bring a snapshot back: in place, into a new server, on a claim')
    .description(
      'Restores a snapshot. In place: the data is unpacked on a new claim beside the server, which is then exchanged by one write; the data from before is kept, and rollback brings it back. With --to: a new server like the one that the snapshot is of. With --claim: a directory on the claim of a server that somebody else runs.',
    )
    .argument('[snapshot]', "the MeiliSnapshot's name, or schedule/NAME for the newest of a schedule")
  addTargets(restore)
  restore
    .addHelpText(
      'after',
      `${examples(
        [
          'look first: what would be lost, and how to undo it',
          'kubectl meili restore nightly-202611290300 --in-place movies --dry-run',
        ],
        [
          'do what was planned, and follow it',
          'kubectl meili restore nightly-202611290300 --in-place movies --confirm movies --wait',
        ],
        ['back to the data from before', 'kubectl meili restore rollback movies --wait'],
        ['another server with that data', 'kubectl meili restore nightly-202611290300 --to movies-copy'],
        ['the same, for Git', 'kubectl meili restore nightly-202611290300 --to movies-copy --dry-run -o yaml'],
      )}\nWith --wait or --dry-run: ${exits}`,
    )
    .action(
      within<[string | undefined]>((cluster, flags, snapshot) =>
        runRestore(cluster, terminal, { ...flags, ...runFlags(flags), snapshot, dryRun: flags.dryRun === true }),
      ),
    )
  addChanges(restore, terminal, within)
  addViews(restore, terminal, within)
}

const runFlags = ({ wait, timeout: timeoutMs, output: format }: Flags) => ({
  wait: wait === true,
  timeoutMs,
  format,
})

function addTargets(restore: Command): void {
  const only = (flags: string, about: string, ...others: readonly string[]): Option =>
    new Option(flags, about).conflicts([...others])
  restore
    .option('--in-place <instance>', 'a MeiliInstance with spec.managed: its data is replaced')
    .option('--to <name>', 'a new MeiliInstance of this name, like the one that the snapshot is of')
    .option('--claim <claim>', 'a PersistentVolumeClaim that no pod uses: the directory is made on it')
    .addOption(only('--directory <path>', 'directory on that claim (default: data.ms)', 'inPlace', 'to'))
    .option('--dry-run', 'make the plan and show it; with --to: let the API server check it, and change nothing')
    .addOption(only('--confirm <name>', 'the name of the instance or claim once more: do it', 'to', 'dryRun'))
    .option('--allow-upgrade', 'also a snapshot of an older version: Meilisearch upgrades the database')
    .addOption(
      only(
        '--sanitize <parts>',
        'tasks, webhooks or tasks,webhooks: taken out before a server starts on the data',
        'claim',
      ).argParser(sanitizeParts),
    )
    .addOption(
      only('--safety <when>', 'a snapshot of the instance as it is, before (default: auto)', 'to', 'claim').choices([
        'auto',
        'always',
        'never',
      ]),
    )
    .addOption(only('--size <quantity>', 'of the database of a new server (default: as the other)', 'inPlace', 'claim'))
    .addOption(only('--storage-class <name>', 'of its claim (default: as the other)', 'inPlace', 'claim'))
    .addOption(only('--name <name>', "the MeiliRestore's name (default: the target's, date and time)", 'to'))
    .option('--wait', 'follow it until it ends')
    .addOption(timeout())
    .addOption(output(...formats))
}

function addChanges(restore: Command, terminal: Terminal, within: Within): void {
  restore
    .command('rollback')
    .summary('back to the data from before')
    .description(
      'Puts a server that was restored in place back to the data that it had before, also while the restore is at work. What was written since is kept on its claim.',
    )
    .argument('<restore>', 'its name, or that of the instance: its newest restore that can be undone')
    .option('--wait', 'follow it until it ends')
    .addOption(timeout())
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['it was the wrong snapshot', 'kubectl meili restore rollback movies --wait'])}\nWith --wait: ${exits}`,
    )
    .action(
      within<[string]>((cluster, flags, name) =>
        runRollback(cluster, terminal, { ...runFlags(flags), name, dryRun: flags.dryRun === true }),
      ),
    )
  restore
    .command('cleanup')
    .summary('give up the data from before')
    .description(
      'Deletes the claim with the data that a server had before it was restored. It goes once a snapshot of the restored data has completed, and never before; then there is no way back.',
    )
    .argument('<restore>', 'its name, or that of the instance: all of its restores')
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText('after', examples(['all is well', 'kubectl meili restore cleanup movies']))
    .action(
      within<[string]>((cluster, flags, name) =>
        runCleanUp(cluster, terminal, { name, dryRun: flags.dryRun === true, format: flags.output }),
      ),
    )
}

function addViews(restore: Command, terminal: Terminal, within: Within): void {
  restore
    .command('list')
    .summary('all restores and drills, the newest first')
    .argument('[instance]', 'only those in place of this instance')
    .addOption(everywhere())
    .addOption(output(...formats))
    .addHelpText('after', examples(['what is kept, and how long each took', 'kubectl meili restore list -A']))
    .action(
      within<[string | undefined]>((cluster, flags, instance) =>
        runRestoreList(cluster, terminal, {
          instance,
          allNamespaces: flags.allNamespaces === true,
          format: flags.output,
        }),
      ),
    )
  restore
    .command('describe')
    .summary('all about one, with its plan and its Events')
    .argument('<restore>', 'its name')
    .addOption(output(...formats))
    .addHelpText('after', examples(['why it went back', 'kubectl meili restore describe movies-20261130-031500']))
    .action(
      within<[string]>((cluster, flags, name) => runRestoreDescribe(cluster, terminal, { name, format: flags.output })),
    )
}

/** As spec.sanitize has it: `tasks`, `webhooks`, or both with a comma. */
function sanitizeParts(text: string): object {
  const parts = text.split(',')
  if (parts.some((part) => part !== 'tasks' && part !== 'webhooks'))
    throw new InvalidArgumentError('Write tasks, webhooks or tasks,webhooks.')
  return {
    ...(parts.includes('tasks') ? { tasks: 'Discard' } : {}),
    ...(parts.includes('webhooks') ? { webhooks: 'Remove' } : {}),
  }
}

/** `movies=alien`: at least one hit for it. May be given several times. */
function addQuery(text: string, others: readonly Query[] = []): readonly Query[] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write INDEX=WORDS, for example movies=alien.')
  return [...others, { index: text.slice(0, at), q: text.slice(at + 1) }]
}

export function addDrill(program: Command, terminal: Terminal, within: Within): void {
  program
    .command('drill')
    .summary('prove that a snapshot can be restored')
    .description(
      'Starts Meilisearch on a copy of a snapshot, compares what it has with what was stored, searches, and throws the copy away: a measured, dated proof, which touches no server.',
    )
    .argument('<snapshot>', "the MeiliSnapshot's name, or schedule/NAME for the newest of a schedule")
    .addOption(
      new Option('--query <index=words>', 'a search that must find something; may be given several times').argParser(
        addQuery,
      ),
    )
    .option('--size <quantity>', 'of the volume (default: what the snapshot needs)')
    .option('--storage-class <name>', "of the volume (default: the cluster's)")
    .option('--name <name>', "the MeiliRestore's name (default: drill, the snapshot's, date and time)")
    .option('--wait', 'follow it until it ends')
    .addOption(timeout())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['before you rely on it', 'kubectl meili drill nightly-202611290300 --wait'], ['with a search of your own', 'kubectl meili drill schedule/nightly --query movies=alien --wait'])}\nWith --wait: ${exits}`,
    )
    .action(
      within<[string]>((cluster, flags, snapshot) =>
        runDrill(cluster, terminal, { ...flags, ...runFlags(flags), snapshot, query: flags.query }),
      ),
    )
}
