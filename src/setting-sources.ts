/** Where the text of a setting comes from: the flag, the variable, the config file, a file with a secret, or the default. */
import { readConfigFile, readSecretFile, type ConfigFile } from './config-file.ts'
import { nameOf, SettingError, type Setting } from './setting.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The flag that is no setting. */
export interface GivenFlags {
  readonly config?: string
}

export interface Sources {
  readonly environment: Environment
  readonly file: ConfigFile | null
}

export const CONFIG_VARIABLE = 'HOLDFAST_CONFIG'

/** @param known the names that lines may have. @throws SettingError */
export function configFileOf(
  flags: GivenFlags,
  environment: Environment,
  known: ReadonlySet<string>,
): ConfigFile | null {
  const path = flags.config ?? environment[CONFIG_VARIABLE] ?? ''
  if (path === '' && flags.config === undefined) return null
  if (path === '') throw new SettingError('--config names no file.')
  return readConfigFile(path, known)
}

export interface Given {
  /** The subject of a message about the value. */
  readonly source: string
  readonly text: string
}

/** The text and its source. An empty variable or line counts as not set. @throws SettingError */
export function givenFor(
  setting: Setting<unknown>,
  flag: string | boolean | undefined,
  { environment, file }: Sources,
): Given {
  if (flag !== undefined) return { source: nameOf(setting), text: String(flag) }
  const ofVariable = givenIn(setting, (variable) => {
    const value = environment[variable]
    return value === undefined ? null : { source: variable, text: value }
  })
  const ofFile = (variable: string): Given | null => {
    const found = file?.lines.get(variable)
    return found === undefined ? null : { source: `${file!.path}:${found.line}: ${variable}`, text: found.text }
  }
  return ofVariable ?? givenIn(setting, ofFile) ?? { source: 'The default', text: setting.fallback }
}

/** The value itself, or that of the file which `…_FILE` names; null where neither is set. */
function givenIn({ variable, isSecret }: Setting<unknown>, find: (variable: string) => Given | null): Given | null {
  const set = (name: string): Given | null => {
    const given = find(name)
    return given?.text === '' ? null : given
  }
  const plain = set(variable)
  const byFile = isSecret === true ? set(`${variable}_FILE`) : null
  if (plain !== null && byFile !== null) {
    throw new SettingError(`${plain.source} and ${byFile.source} are not possible together.`)
  }
  if (byFile === null) return plain
  return { source: byFile.source, text: readSecretFile(byFile.text, byFile.source) }
}
