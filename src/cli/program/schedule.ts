// `kubectl meili schedule`: its commands, flags and help.
import type { Command } from 'commander'
import { runConfirm, runSuspend } from '../command/patch.ts'
import { runPreview } from '../command/preview.ts'
import { runScheduleDescribe, runScheduleList } from '../command/schedule.ts'
import { runOfSchedule } from '../command/snapshot.ts'
import { formats } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { dryRun, everywhere, examples, exits, output, timeout } from './options.ts'
import type { Within } from './options.ts'

export function addSchedule(program: Command, terminal: Terminal, within: Within): void {
  const schedule = program
    .command('schedule')
    .summary('list, describe, preview, run, suspend schedules')
    .description('Shows MeiliSnapshotSchedules, and does with them what a person may decide at once.')
  addViews(schedule, terminal, within)
  addPreview(schedule, terminal, within)
  addConfirm(schedule, terminal, within)
  addSuspend(schedule, terminal, within)
  addRun(schedule, terminal, within)
}

function addViews(schedule: Command, terminal: Terminal, within: Within): void {
  schedule
    .command('list')
    .summary('all schedules: the last good snapshot, the next, what is kept')
    .description(
      'Shows each MeiliSnapshotSchedule with its last good snapshot, the next one, what is kept, what is wrong.',
    )
    .argument('[instance]', 'only those of this instance')
    .addOption(everywhere())
    .addOption(output(...formats))
    .addHelpText('after', examples(['of the whole cluster', 'kubectl meili schedule list -A']))
    .action(
      within<[string | undefined]>((cluster, flags, instance) =>
        runScheduleList(cluster, terminal, {
          instance,
          allNamespaces: flags.allNamespaces === true,
          format: flags.output,
        }),
      ),
    )
  schedule
    .command('describe')
    .summary('all about one: why each snapshot is kept, what goes next')
    .description(
      'Shows everything about one MeiliSnapshotSchedule: its slots, which snapshots are kept and why, which go next, and what holds that.',
    )
    .argument('<schedule>', 'its name')
    .addOption(output(...formats))
    .addHelpText('after', examples(['why a snapshot is still there', 'kubectl meili schedule describe nightly']))
    .action(
      within<[string]>((cluster, flags, name) =>
        runScheduleDescribe(cluster, terminal, { name, format: flags.output }),
      ),
    )
}

function addPreview(schedule: Command, terminal: Terminal, within: Within): void {
  schedule
    .command('preview')
    .summary('the next ten slots, and what retention keeps and drops')
    .description(
      'Shows the next ten slots in the time zone of the schedule, and of each of its snapshots which rule keeps it, or that it goes: by the functions that the operator uses. With -f, of a schedule in a file that is not applied yet. Changes nothing.',
    )
    .argument('[schedule]', 'its name')
    .option('-f, --filename <file>', 'a file that it stands in; - for stdin')
    .addOption(output('json', 'yaml'))
    .addHelpText(
      'after',
      examples(
        ['the nights on which the clock is changed, too', 'kubectl meili schedule preview nightly'],
        ['what other rules would drop', 'kubectl meili schedule preview -f nightly.yaml'],
      ),
    )
    .action(
      within<[string | undefined]>((cluster, flags, name) =>
        runPreview(cluster, terminal, {
          name,
          filename: flags.filename,
          format: flags.output === 'name' ? undefined : flags.output,
        }),
      ),
    )
}

function addConfirm(schedule: Command, terminal: Terminal, within: Within): void {
  schedule
    .command('confirm')
    .summary('let a retention that is held go on')
    .description(
      'Shows why retention deletes nothing and what it would delete, and confirms exactly that: if it sees something else meanwhile, it is held again.',
    )
    .argument('<schedule>', 'its name')
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      examples(
        ['look first', 'kubectl meili schedule confirm nightly --dry-run'],
        ['go on', 'kubectl meili schedule confirm nightly'],
      ),
    )
    .action(
      within<[string]>((cluster, flags, name) =>
        runConfirm(cluster, terminal, { name, dryRun: flags.dryRun === true, format: flags.output }),
      ),
    )
}

function addSuspend(schedule: Command, terminal: Terminal, within: Within): void {
  const add = (name: string, suspend: boolean): Command =>
    schedule
      .command(name)
      .argument('<schedule>', 'its name')
      .addOption(dryRun())
      .addOption(output(...formats))
      .action(
        within<[string]>((cluster, flags, named) =>
          runSuspend(cluster, terminal, {
            name: named,
            suspend,
            dryRun: flags.dryRun === true,
            format: flags.output,
          }),
        ),
      )
  add('suspend', true)
    .summary('take no snapshots until it is resumed')
    .description(
      'Sets spec.suspend: slots that pass meanwhile never run. Where the schedule comes from Git, the next sync puts it back.',
    )
    .addHelpText('after', examples(['while a server is rebuilt', 'kubectl meili schedule suspend nightly']))
  add('resume', false)
    .summary('follow the clock again')
    .description('Unsets spec.suspend: the next slot runs, none that has passed.')
    .addHelpText('after', examples(['afterwards', 'kubectl meili schedule resume nightly']))
}

function addRun(schedule: Command, terminal: Terminal, within: Within): void {
  schedule
    .command('run')
    .summary('take one of its snapshots now')
    .description(
      "Creates a MeiliSnapshot by the schedule's template, as snapshot create --from does; it is kept as the schedule's others are. A suspended schedule runs so too.",
    )
    .argument('<schedule>', 'its name')
    .option('--name <name>', "the object's name (default: the schedule's, date and time)")
    .option('--wait', 'follow it until it ends')
    .addOption(timeout())
    .addOption(dryRun())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['now, and follow it', 'kubectl meili schedule run nightly --wait'])}\nWith --wait: ${exits}`,
    )
    .action(
      within<[string]>((cluster, flags, name) =>
        runOfSchedule(cluster, terminal, {
          schedule: name,
          ...(flags.name === undefined ? {} : { name: flags.name }),
          dryRun: flags.dryRun === true,
          wait: flags.wait === true,
          timeoutMs: flags.timeout,
          format: flags.output,
        }),
      ),
    )
}
