/** `completion`: prints the script with which a shell completes the commands and options. */
import { Argument, type Command } from 'commander'
import { completionScript, SHELLS, type Shell } from '../completion.ts'

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description(
      'Prints the completion script of a shell. For bash, add to ~/.bashrc: source <(holdfast completion bash). For zsh, add to ' +
        '~/.zshrc after compinit: source <(holdfast completion zsh). For fish: holdfast completion fish > ' +
        '~/.config/fish/completions/holdfast.fish.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell))
    })
}
