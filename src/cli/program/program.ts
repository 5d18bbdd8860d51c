// The command line: commands, flags, help with examples. It says which function runs which command, and nothing of what they do.
import { Argument, Command } from 'commander'
import { version } from '../../telemetry/version.ts'
import { Cluster } from '../cluster.ts'
import { runAdopt } from '../command/adopt.ts'
import { runCompletion } from '../command/completion.ts'
import { runDoctor } from '../command/doctor.ts'
import { runStatus } from '../command/status.ts'
import { runWait } from '../command/wait.ts'
import type { ExitCode } from '../exit-codes.ts'
import { formats } from '../terminal/print.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { everywhere, examples, exits, output, timeout } from './options.ts'
import type { Flags, Within, Work } from './options.ts'
import { addDrill, addRestore } from './restore.ts'
import { addSchedule } from './schedule.ts'
import { addSnapshot } from './snapshot.ts'

/** What a command leaves behind: the cluster that it spoke to, for the words of an error, and how it ended. */
export interface Outcome {
  cluster?: Cluster
  exitCode?: ExitCode
}

export function programFor(terminal: Terminal, outcome: Outcome): Command {
  const within =
    <Arguments extends unknown[]>(work: Work<Arguments>) =>
    async (...given: [...Arguments, unknown, Command]): Promise<void> => {
      const flags = (given.at(-1) as Command).optsWithGlobals<Flags>()
      outcome.cluster = new Cluster(flags, terminal.environment)
      outcome.exitCode = await work(outcome.cluster, flags, ...(given.slice(0, -2) as Arguments))
    }
  const program: Command = new Command('kubectl meili')
    .description('Meilisearch instances, their snapshots and restores, by meili-operator.')
    .version(version)
    .option('-n, --namespace <name>', "namespace (default: the context's)")
    .option('--context <name>', "one of the kubeconfig's contexts (default: the current one)")
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, ~/.kube/config)')
    .configureHelp({
      showGlobalOptions: true,
      // Not those of `restore SNAPSHOT`, which its subcommands do not take.
      visibleGlobalOptions: (command) => (command.parent === null ? [] : [...program.options]),
    })
    .configureOutput({
      writeOut: (text) => terminal.write(text, 'out'),
      writeErr: (text) => terminal.write(text, 'error'),
    })
    .exitOverride()
    .addHelpText(
      'after',
      `${examples(['how everything is', 'kubectl meili status -A'], ['a snapshot now, and follow it', 'kubectl meili snapshot create movies --claim backups --wait'], ['what a restore would do', 'kubectl meili restore nightly-202611290300 --in-place movies --dry-run'], ['what is wrong, and what to do', 'kubectl meili doctor'])}\n${exits}`,
    )
  addStatus(program, terminal, within)
  addSnapshot(program, terminal, within)
  addSchedule(program, terminal, within)
  addRestore(program, terminal, within)
  addDrill(program, terminal, within)
  addWait(program, terminal, within)
  addAdopt(program, terminal, within)
  addDoctor(program, terminal, within)
  program
    .command('completion')
    .summary("print the file for kubectl's completion")
    .description(
      "Prints the file that kubectl's own completion asks. Put it into your PATH as kubectl_complete-meili, and make it executable.",
    )
    .addHelpText(
      'after',
      examples([
        'for every shell in which kubectl itself completes',
        'kubectl meili completion > ~/.local/bin/kubectl_complete-meili && chmod +x ~/.local/bin/kubectl_complete-meili',
      ]),
    )
    .action(() => void (outcome.exitCode = runCompletion(terminal)))
  return program
}

function addStatus(program: Command, terminal: Terminal, within: Within): void {
  program
    .command('status')
    .summary('instances, their last snapshots, what runs and what is wrong')
    .description(
      'Shows each MeiliInstance with its last snapshot, what is under way, and what is wrong. With one named, its newest snapshots too.',
    )
    .argument('[instance]', 'only this one')
    .addOption(everywhere())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      examples(
        ['all of a namespace', 'kubectl meili status -n shop'],
        ['one, with its newest snapshots', 'kubectl meili status movies'],
        [
          'for a script: instances that are not ready',
          "kubectl meili status -A -o json | jq -r '.instances[] | select(.ready | not) | .name'",
        ],
      ),
    )
    .action(
      within<[string | undefined]>((cluster, flags, name) =>
        runStatus(cluster, terminal, { name, allNamespaces: flags.allNamespaces === true, format: flags.output }),
      ),
    )
}

function addWait(program: Command, terminal: Terminal, within: Within): void {
  program
    .command('wait')
    .summary('until a snapshot or a restore has ended')
    .description(
      'Follows a MeiliSnapshot or a MeiliRestore until it has ended: at once where it fails, on a terminal with its progress, in a pipe with a line for each step.',
    )
    .argument('<snapshot>', 'its name; restore/NAME for a restore')
    .addOption(timeout())
    .addOption(output(...formats))
    .addHelpText(
      'after',
      `${examples(['in a script, before an upgrade', 'kubectl meili wait before-upgrade --timeout 30m || exit 1'])}\n${exits}`,
    )
    .action(
      within<[string]>((cluster, flags, name) =>
        runWait(cluster, terminal, { name, timeoutMs: flags.timeout, format: flags.output }),
      ),
    )
}

function addAdopt(program: Command, terminal: Terminal, within: Within): void {
  program
    .command('adopt')
    .summary('print the MeiliInstance for a server that runs already')
    .description(
      'Finds a server, by its image or port where none is named, reads from its pod how Meilisearch is configured, and prints the MeiliInstance for it. Changes nothing.',
    )
    .addArgument(new Argument('[server]', 'pod/NAME or statefulset/NAME'))
    .option('--name <name>', "the MeiliInstance's name (default: the StatefulSet's or the pod's)")
    .addOption(output('yaml', 'json'))
    .addHelpText(
      'after',
      examples(
        [
          'look first, then apply',
          'kubectl meili adopt statefulset/search > movies.yaml && kubectl apply -f movies.yaml',
        ],
        ['the only one of the namespace', 'kubectl meili adopt -n shop | kubectl apply -f -'],
      ),
    )
    .action(
      within<[string | undefined]>((cluster, flags, target) =>
        runAdopt(cluster, terminal, { target, name: flags.name, format: flags.output === 'json' ? 'json' : 'yaml' }),
      ),
    )
}

function addDoctor(program: Command, terminal: Terminal, within: Within): void {
  program
    .command('doctor')
    .summary('find what is wrong, with the remedy')
    .description(
      "Checks the CRDs, the operator and its rights, your own, each instance's server, key and volume, and the space on the claims.",
    )
    .addOption(everywhere())
    .addOption(output('json', 'yaml'))
    .addHelpText(
      'after',
      `${examples(['everything', 'kubectl meili doctor -A'], ['in a script', 'kubectl meili doctor -o json | jq -r \'.findings[] | select(.level == "problem") | .message\''])}\n${exits}`,
    )
    .action(
      within<[]>((cluster, flags) =>
        runDoctor(cluster, terminal, {
          allNamespaces: flags.allNamespaces === true,
          format: flags.output === 'name' ? undefined : flags.output,
        }),
      ),
    )
}
