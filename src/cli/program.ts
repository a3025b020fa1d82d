/** The command line: all commands and their common settings. */
import { Command } from 'commander'
import { addAccountCommands } from './commands/accounts.ts'
import { addAssetCommands } from './commands/assets.ts'
import { addBackupCommand } from './commands/backup.ts'
import { addBridgeCommand } from './commands/bridge.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEraseCommand } from './commands/erase.ts'
import { addHoldLists } from './commands/hold-lists.ts'
import { addHoldCommands } from './commands/holds.ts'
import { addImportCommand } from './commands/import.ts'
import { addKeyCommands } from './commands/keys.ts'
import { addListCommands } from './commands/lists.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addMovementCommands } from './commands/movements.ts'
import { addPriceCommands } from './commands/prices.ts'
import { addRateCommands } from './commands/rates.ts'
import { addReconcileCommand } from './commands/reconcile.ts'
import { addStandingCommands } from './commands/standings.ts'
import { addStatementCommand } from './commands/statements.ts'
import { addServeCommand } from './commands/serve.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { VERSION } from '../version.ts'
import { EXIT_MEANINGS } from './exit-codes.ts'
import { languageOption, type Words } from './language.ts'
import { visibleLines } from './visible.ts'

/**
 * @param words those of another language than English
 * @throws CommanderError instead of ending the process
 */
export function buildProgram(words: Words | null = null): Command {
  const { help = {}, after = same, error = same } = words ?? {}
  const program = new Command('holdfast')
    // Subcommands inherit this when they are added, so it must come first.
    .exitOverride()
    .description('A credits ledger: freeze the maximum cost of a call, settle the actual cost.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .showHelpAfterError(error('(for help, add --help)'))
    .configureHelp({ sortOptions: false, ...help })
    .configureOutput({ outputError: (text, write) => write(visibleLines(error(text))) })
    .addOption(languageOption())
    .addHelpText('after', () => `\n${after(`${exitCodesText()}\n\n${EXAMPLES}`)}`)
  program.commandsGroup('Service and database:')
  addServeCommand(program)
  addMigrateCommand(program)
  addVerifyCommand(program)
  addDoctorCommand(program)
  addBackupCommand(program)
  addEraseCommand(program)
  program.commandsGroup('Callers:')
  addKeyCommands(program)
  program.commandsGroup('Holds:')
  addHoldCommands(program)
  addHoldLists(program)
  program.commandsGroup('Movements:')
  addMovementCommands(program)
  program.commandsGroup('Other systems:')
  addImportCommand(program)
  addBridgeCommand(program)
  addReconcileCommand(program)
  program.commandsGroup('Accounts and assets:')
  addAccountCommands(program)
  addStandingCommands(program)
  addListCommands(program)
  addStatementCommand(program)
  addAssetCommands(program)
  addRateCommands(program)
  addPriceCommands(program)
  program.commandsGroup('Shell:')
  addCompletionCommand(program)
  return program
}

function same(text: string): string {
  return text
}

const EXAMPLES = `Examples:
  holdfast serve
  holdfast deposit user:8 10000
  holdfast freeze user:8 616 --request-id job-616 --expires-in 10m
  holdfast settle job-616 500
  holdfast transfer user:8 user:9=20 user:10=30
  holdfast account user:8 --url http://127.0.0.1:4680 --json`

function exitCodesText(): string {
  const lines = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`)
  return `Exit codes:\n${lines.join('\n')}`
}
