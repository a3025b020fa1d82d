/** The command `holdfast`. */
import { endWithReader } from './output.ts'
import { runCommandLine } from './run.ts'

const parameters = process.argv.slice(2)
// The title replaces the arguments in process lists, because a store URL can contain a password.
process.title = 'holdfast'

endWithReader()

await runCommandLine(parameters)
