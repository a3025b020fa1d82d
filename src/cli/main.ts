/** The command `holdfast`. */
import { CommanderError } from 'commander'
import { problemOfError } from '../api/problem-details.ts'
import { EXIT } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { styledError } from './tables.ts'
import { troubleOf } from './trouble.ts'

// Whoever reads the output has seen enough, `head` for example.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

try {
  await buildProgram().parseAsync()
} catch (error) {
  process.exitCode = error instanceof CommanderError ? usageCode(error) : report(error)
}

/** Commander has said already what is wrong, or what was asked for. */
function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage
}

function report(thrown: unknown): number {
  const { message, hint, exitCode, error } = troubleOf(thrown)
  if (error !== null && process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(problemOfError(error))}\n`)
  } else {
    process.stderr.write(`${styledError('red', 'error:')} ${message}\n`)
    if (hint !== null) process.stderr.write(`${hint}\n`)
  }
  return exitCode
}
