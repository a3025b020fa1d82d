/** The command `holdfast`. */
import { EXIT } from './exit-codes.ts'
import { runCommandLine } from './run.ts'

const parameters = process.argv.slice(2)
// Whoever lists the processes sees a title in place of the arguments, where a store URL may have a password in it.
process.title = 'holdfast'

// Whoever reads the output has seen enough, `head` for example.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

await runCommandLine(parameters)
