/**
 * Writes docs/reference/cli.md: the command line as its own help texts tell it, the settings, and the exit codes.
 *
 *   node tools/cli-reference.ts           writes the file
 *   node tools/cli-reference.ts --check   exits 1 when the file is not what would be written
 */
import type { Command } from 'commander'
import { EXIT_MEANINGS } from '../src/cli/exit-codes.ts'
import { buildProgram } from '../src/cli/program.ts'
import { SETTINGS, type Setting } from '../src/config.ts'
import { generate } from './generate.ts'

const COLUMNS = 100

const program = buildProgram()
const parts = [
  `# The command line

This page is made by \`node tools/cli-reference.ts\` from the program itself.

Inside the repository, \`npm run -s holdfast -- freeze user:8 616\` runs what \`holdfast freeze user:8 616\` runs elsewhere, and
\`npm start -- --port 4681\` is \`holdfast serve --port 4681\`.

Every command but \`serve\`, \`migrate\`, \`verify\` and \`backup\` works on a database (\`--store\`), which it opens itself beside whatever else has
it open, or on a service (\`--url\`). Amounts are whole minor units. With \`--json\`, stdout is one JSON document: the answer as the
HTTP service gives it, or the problem; messages go to stderr.
\`import\` and \`reconcile\` print one JSON line per finding instead, and a summary as the last. Colours appear on terminals only, and not when \`NO_COLOR\` is set.
`,
  `## Exit codes\n\n${markdownTable(['code', 'meaning'], Object.entries(EXIT_MEANINGS))}`,
  `## Settings

A flag wins over its environment variable, the variable over the default. A variable that is set to nothing counts as not set.

${markdownTable(['variable', 'flag', 'default', 'meaning'], settingRows())}`,
  `## Commands\n\n${helpOf(program)}`,
  ...program.commands.flatMap((command) => sectionsOf(command, '')),
]
await generate(
  'docs/reference/cli.md',
  `${parts
    .join('\n\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`,
)

/** A command, and those that it is divided into. */
function sectionsOf(command: Command, before: string): string[] {
  const name = `${before}${command.name()}`
  const parts = command.commands.flatMap((part) => sectionsOf(part, `${name} `))
  return [`### ${name}\n\n${helpOf(command)}`, ...parts]
}

function helpOf(command: Command): string {
  let text = ''
  const write = (part: string): void => void (text += part)
  command.configureOutput({ getOutHelpWidth: () => COLUMNS, getOutHasColors: () => false, writeOut: write })
  command.outputHelp()
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``
}

function settingRows(): string[][] {
  return Object.values<Setting<unknown>>(SETTINGS).map(({ variable, flag, fallback, meaning }) => {
    return [`\`${variable}\``, `\`${flag}\``, fallback === '' ? '' : `\`${fallback}\``, meaning]
  })
}

/** Padded, as the formatter of this repository would leave it. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
