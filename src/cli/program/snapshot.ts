// `kubectl meili snapshot`: its commands, flags and help.
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { runKeep } from '../command/patch.ts'
import { runCreate, runDescribe, runList } from '../command/snapshot.ts'
import { formats } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { dryRun, everywhere, examples, exits, output, timeout } from './options.ts'
import type { Within } from './options.ts'

export function addSnapshot(program: Command, terminal: Terminal, within: Within): void {
  const snapshot = program
    .command('snapshot')
    .summary('create, list, describe, keep snapshots')
    .description('Takes snapshots and shows those that there are.')
  addCreate(snapshot, terminal, within)
  addLists(snapshot, terminal, within)
  snapshot
    .command('keep')
    .summary('keep one out of all retention')
    .description('Keeps a MeiliSnapshot: no retention deletes it or counts it, until that is undone.')
    .argument('<snapshot>', 'its name')
    .option('--undo', 'leave it to the retention of its schedule again')
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText('after', examples(['before something risky', 'kubectl meili snapshot keep nightly-202611290300']))
    .action(
      within<[string]>((cluster, flags, name) =>
        runKeep(cluster, terminal, {
          name,
          undo: flags.undo === true,
          dryRun: flags.dryRun === true,
          format: flags.output,
        }),
      ),
    )
}

/** All that a schedule's template says already. */
const templateFlags = ['claim', 'path', 'size', 'storageClass', 'sourcePolicy', 'deletionPolicy']

function scheduleIn(text: string): string {
  const [, name] = /^(?:schedule|msched)\/([^/]+)$/.exec(text) ?? []
  if (name === undefined) throw new InvalidArgumentError('Write schedule/NAME.')
  return name
}

function addCreate(snapshot: Command, terminal: Terminal, within: Within): void {
  snapshot
    .command('create')
    .summary('take a snapshot now')
    .description(
      'Creates a MeiliSnapshot: the operator takes one snapshot of the instance, and stores it on the claim.',
    )
    .argument('[instance]', 'the MeiliInstance to take it of')
    .addOption(
      new Option('--from <schedule>', "schedule/NAME: by the schedule's template, and kept as its others are")
        .argParser(scheduleIn)
        .conflicts(templateFlags),
    )
    .option('--name <name>', "the object's name (default: the instance's or the schedule's, date and time)")
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
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['take one, and follow it', 'kubectl meili snapshot create movies --claim backups --wait --timeout 1h'], ['the claim is made if it is not there', 'kubectl meili snapshot create movies --claim backups --size 20Gi'], ['one more of a schedule', 'kubectl meili snapshot create --from schedule/nightly --wait'], ['the object, for Git', 'kubectl meili snapshot create movies --claim backups --name before-upgrade --dry-run -o yaml'])}\nWith --wait: ${exits}`,
    )
    .action(
      within<[string | undefined]>((cluster, flags, instance) =>
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
}

function addLists(snapshot: Command, terminal: Terminal, within: Within): void {
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
