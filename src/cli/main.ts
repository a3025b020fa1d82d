/** The command `holdfast`. */
import { EXIT } from './exit-codes.ts'
import { runCommandLine } from './run.ts'

const parameters = process.argv.slice(2)
// The title replaces the arguments in process lists, because a store URL can contain a password.
process.title = 'holdfast'

// The reader of the output, such as `head`, may close it early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

await runCommandLine(parameters)
