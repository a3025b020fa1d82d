/**
 * Shell completion, as a script per shell, from commander's own table of commands and options: nothing is listed twice.
 *
 * The three scripts work alike: they find the command that the words so far name, and then offer its subcommands, its options and the
 * choices of its arguments; after an option with a value, the choices of the option, or files.
 */
import type { Command, Option } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Word {
  readonly text: string
  readonly meaning: string
}

interface ValueOption {
  /** `--format`, `-f`. */
  readonly flags: readonly string[]
  /** Empty: files. */
  readonly choices: readonly string[]
  readonly meaning: string
}

/** A command, at the place of its words: `''` for the program, ` rate list` for a subcommand of a subcommand. */
interface Place {
  readonly at: string
  readonly subcommands: readonly Word[]
  readonly arguments: readonly Word[]
  readonly options: readonly Word[]
  readonly withValue: readonly ValueOption[]
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '')
  const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]
  return write(program.name(), places)
}

function placesOf(command: Command, at: string): readonly Place[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const options = help.visibleOptions(command)
  const place = {
    at,
    subcommands: commands.map((one) => ({ text: one.name(), meaning: firstSentence(one.description()) })),
    arguments: command.registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map((text) => ({ text, meaning: firstSentence(description) })),
    ),
    options: options.flatMap((option) =>
      flagsOf(option).map((text) => ({ text, meaning: firstSentence(option.description) })),
    ),
    withValue: options
      .filter((option) => option.required || option.optional)
      .map((option) => ({
        flags: flagsOf(option),
        choices: option.argChoices ?? [],
        meaning: firstSentence(option.description),
      })),
  }
  return [place, ...commands.flatMap((one) => placesOf(one, `${at} ${one.name()}`))]
}

function flagsOf({ short, long }: Option): readonly string[] {
  return [short, long].filter((flag) => flag !== undefined)
}

function firstSentence(text: string): string {
  return /^[^.;\n]*/.exec(text)![0].trim()
}

function wordsOf({ subcommands, arguments: choices, options }: Place): readonly Word[] {
  return [...subcommands, ...choices, ...options]
}

/** The patterns of all places but the first, as alternatives of a `case`. */
function namesOf(places: readonly Place[], quote: (text: string) => string, between: string): string {
  return places
    .slice(1)
    .map(({ at }) => quote(at))
    .join(between)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function bashScript(name: string, places: readonly Place[]): string {
  const values = places.flatMap(({ at, withValue }) =>
    withValue.map(({ flags, choices }) => {
      const offer = choices.length === 0 ? 'compgen -f' : `compgen -W ${quoted(choices.join(' '))}`
      return `    ${flags.map((flag) => quoted(`${at} ${flag}`)).join('|')}) COMPREPLY=($(${offer} -- "$current")); return ;;`
    }),
  )
  const words = places.map((place) => {
    const texts = wordsOf(place).map(({ text }) => text)
    return `    ${quoted(place.at)}) COMPREPLY=($(compgen -W ${quoted(texts.join(' '))} -- "$current")) ;;`
  })
  return `# Completion of ${name} for bash: source <(${name} completion bash)
_${name}() {
  local at='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$at \${COMP_WORDS[index]}" in
      ${namesOf(places, quoted, '|')}) at="$at \${COMP_WORDS[index]}" ;;
    esac
  done
  COMPREPLY=()
  case "$at $previous" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
}
complete -o bashdefault -o default -F _${name} ${name}
`
}

function zshScript(name: string, places: readonly Place[]): string {
  const values = places.flatMap(({ at, withValue }) =>
    withValue.map(({ flags, choices }) => {
      const offer = choices.length === 0 ? '_files' : `compadd -- ${choices.map(quoted).join(' ')}`
      return `    (${flags.map((flag) => quoted(`${at} ${flag}`)).join('|')}) ${offer}; return ;;`
    }),
  )
  const words = places.map((place) => {
    const entries = wordsOf(place).map(({ text, meaning }) => quoted(`${text.replaceAll(':', '\\:')}:${meaning}`))
    return `    (${quoted(place.at)}) entries=(${entries.join(' ')}) ;;`
  })
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh), after compinit
_${name}() {
  local at='' word
  local -a entries
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      (${namesOf(places, quoted, '|')}) at="$at $word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  _describe ${name} entries || _files
}
compdef _${name} ${name}
`
}

function fishScript(name: string, places: readonly Place[]): string {
  const quote = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
  const lines = places.flatMap(({ at, subcommands, arguments: choices, options, withValue }) => {
    const here = `complete -c ${name} -n ${quote(`__${name}_at ${quote(at)}`)}`
    const ofValue = new Map(withValue.flatMap((option) => option.flags.map((flag) => [flag, option])))
    return [
      ...[...subcommands, ...choices].map(({ text, meaning }) => `${here} -f -a ${quote(text)} -d ${quote(meaning)}`),
      ...options.map(({ text, meaning }) => {
        const flag = text.startsWith('--') ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`
        const value = ofValue.get(text)
        if (value === undefined) return `${here} ${flag} -d ${quote(meaning)}`
        const offer = value.choices.length === 0 ? '-r -F' : `-x -a ${quote(value.choices.join(' '))}`
        return `${here} ${flag} ${offer} -d ${quote(meaning)}`
      }),
    ]
  })
  return `# Completion of ${name} for fish: ${name} completion fish | source
function __${name}_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${namesOf(places, quote, ' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`
}
