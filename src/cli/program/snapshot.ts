// `kubectl meili snapshot`: its commands, flags and help.
import { Option } from 'commander'
import type { Command } from 'commander'
import { runCreate, runDescribe, runList } from '../command/snapshot.ts'
import { formats } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { everywhere, examples, exits, output, timeout } from './options.ts'
import type { Within } from './options.ts'

export function addSnapshot(program: Command, terminal: Terminal, within: Within): void {
  const snapshot = program
    .command('snapshot')
    .summary('create, list, describe snapshots')
    .description('Takes snapshots and shows those that there are.')
  snapshot
    .command('create')
    .summary('take a snapshot now')
    .description(
      'Creates a MeiliSnapshot: the operator takes one snapshot of the instance, and stores it on the claim.',
    )
    .argument('<instance>', 'the MeiliInstance to take it of')
    .option('--name <name>', "the object's name (default: the instance's, date and time)")
    .option('--claim <name>', 'where to store it (default: where the last one of this instance went)')
    .option('--path <directory>', "directory on the claim (default: the instance's name)")
    .option('--size <quantity>', 'make the claim, this large, if it is not there')
    .option('--storage-class <name>', 'of a claim that is made')
    .addOption(
      new Option('--source-policy <policy>', "what becomes of Meilisearch's own file").choices(['Keep', 'Remove']),
    )
    .addOption(
      new Option('--deletion-policy <policy>', 'what becomes of the stored files when the object is deleted').choices([
        'Retain',
        'Delete',
      ]),
    )
    .option('--wait', 'follow it until it ends')
    .addOption(timeout())
    .option('--dry-run', 'let the API server check it, and create nothing')
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['take one, and follow it', 'kubectl meili snapshot create movies --claim backups --wait --timeout 1h'], ['the claim is made if it is not there', 'kubectl meili snapshot create movies --claim backups --size 20Gi'], ['the object, for Git', 'kubectl meili snapshot create movies --claim backups --name before-upgrade --dry-run -o yaml'])}\nWith --wait: ${exits}`,
    )
    .action(
      within<[string]>((cluster, flags, instance) =>
        runCreate(cluster, terminal, {
          ...flags,
          instance,
          dryRun: flags.dryRun === true,
          wait: flags.wait === true,
          timeoutMs: flags.timeout,
          format: flags.output,
        }),
      ),
    )
  snapshot
    .command('list')
    .summary('all snapshots, the newest first')
    .argument('[instance]', 'only those of this instance')
    .addOption(everywhere())
    .addOption(output(...formats))
    .addHelpText('after', examples(['those of one instance', 'kubectl meili snapshot list movies']))
    .action(
      within<[string | undefined]>((cluster, flags, instance) =>
        runList(cluster, terminal, { instance, allNamespaces: flags.allNamespaces === true, format: flags.output }),
      ),
    )
  snapshot
    .command('describe')
    .summary('all about one, with its Events')
    .argument('<snapshot>', 'its name')
    .addOption(output(...formats))
    .addHelpText(
      'after',
      examples(['where it lies, and what was checked', 'kubectl meili snapshot describe before-upgrade']),
    )
    .action(within<[string]>((cluster, flags, name) => runDescribe(cluster, terminal, { name, format: flags.output })))
}
