/** One setting, without its place in the table of src/config.ts. */

export interface Setting<Value> {
  /** The flag as in the help: `--port <number>`. A flag without a placeholder is a switch. */
  readonly flag: string
  readonly variable: string
  readonly meaning: string
  /** The default, as text. */
  readonly fallback: string
  /** It can have a password: messages do not repeat it, and its variable with `_FILE` at the end names a file that contains it. */
  readonly isSecret?: true
  /** @throws SettingError with a message that follows the name of the flag or variable */
  readonly read: (text: string) => Value
}

/** An invalid value of a flag, an environment variable or a line of a config file. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** `--port` */
export function nameOf({ flag }: Setting<unknown>): string {
  return flag.split(' ', 1)[0]!
}
