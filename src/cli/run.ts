/** One run of the command line: from its arguments to its exit code. */
import { CommanderError } from 'commander'
import { EXIT } from './exit-codes.ts'
import { languageOf, type Words } from './language.ts'
import { buildProgram } from './program.ts'
import { styledError } from './tables.ts'
import { troubleOf } from './trouble.ts'
import { visibleLines } from './visible.ts'

/** Sets the exit code of the process. @param parameters the arguments after the name of the program */
export async function runCommandLine(parameters: readonly string[]): Promise<void> {
  try {
    await buildProgram(await wordsFor(parameters)).parseAsync(parameters, { from: 'user' })
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageCode(error) : report(error, parameters.includes('--json'))
  }
}

/** Null for English. */
async function wordsFor(parameters: readonly string[]): Promise<Words | null> {
  if (languageOf(parameters, process.env) === 'en') return null
  const { CHINESE } = await import('./chinese/words.ts')
  return CHINESE
}

/** Commander has already printed the error or the help. */
function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage
}

function report(thrown: unknown, isJson: boolean): number {
  const { message, hint, exitCode, error } = troubleOf(thrown)
  if (error !== null && isJson) {
    process.stdout.write(`${JSON.stringify(error)}\n`)
  } else {
    // Without a reader there is still the exit code.
    process.stderr.once('error', () => undefined)
    process.stderr.write(`${styledError('red', 'error:')} ${visibleLines(message)}\n`)
    if (hint !== null) process.stderr.write(`${hint}\n`)
  }
  return exitCode
}
