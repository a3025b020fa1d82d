/**
 * Files that settings come from: a config file with many of them, and files with one secret each.
 *
 * A config file has lines `NAME=VALUE` under the names of the environment variables, because then one name is enough for a setting, lines
 * can have comments, errors have a line, and systemd, Compose and Kubernetes pass on the same text. JSON has none of these.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { SettingError } from './setting.ts'

export interface ConfigFile {
  readonly path: string
  /** The values and their line numbers, from 1, by the name of the variable. */
  readonly lines: ReadonlyMap<string, { readonly text: string; readonly line: number }>
  /** Whether every user of the machine may read it. */
  readonly isReadableByAll: boolean
}

const CONFIG_BYTES_MAX = 1_048_576
const SECRET_BYTES_MAX = 65_536

const READABLE_BY_ALL = 0o004

/** @param known the names that lines may have. @throws SettingError with the file and the line */
export function readConfigFile(path: string, known: ReadonlySet<string>): ConfigFile {
  const { text, mode } = readText(path, { what: 'config file', bytesMax: CONFIG_BYTES_MAX })
  const lines = new Map<string, { readonly text: string; readonly line: number }>()
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const refuse = (message: string): never => {
      throw new SettingError(`${path}:${line}: ${message}`)
    }
    const assignment = assignmentOf(content, refuse)
    if (assignment === null) continue
    const { name, value } = assignment
    if (!known.has(name)) refuse(unknownName(name, known))
    const earlier = lines.get(name)
    if (earlier !== undefined) refuse(`${name} is already set in line ${earlier.line}.`)
    lines.set(name, { text: value, line })
  }
  return { path, lines, isReadableByAll: (mode & READABLE_BY_ALL) !== 0 }
}

/** One secret, without the line break that editors add. @throws SettingError */
export function readSecretFile(path: string, source: string): string {
  const { text } = readText(path, { what: `file of ${source}`, bytesMax: SECRET_BYTES_MAX })
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new SettingError(`The file of ${source}, ${path}, is empty.`)
  if (/[\r\n]/.test(secret)) throw new SettingError(`The file of ${source}, ${path}, has more than one line.`)
  return secret
}

/** Null for a line without an assignment. */
function assignmentOf(
  content: string,
  refuse: (message: string) => never,
): { readonly name: string; readonly value: string } | null {
  if (/^\s*(?:#|$)/.test(content)) return null
  const [, name, given] = /^\s*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(content) ?? []
  if (name === undefined || given === undefined)
    return refuse('is neither NAME=VALUE nor a comment that begins with #.')
  if (/^["'`]/.test(given)) {
    if (!/^(["'])(?:(?!\1).)*\1$/.test(given)) refuse(`the value of ${name} must end with its quote, on this line.`)
  } else if (given.includes('#')) {
    // Programs that read such files differ on whether the rest is a comment, and a cut password is hard to notice.
    refuse(`put the value of ${name} in quotes, because it has a #. A comment has a line of its own.`)
  }
  return { name, value: parseEnv(content)[name] ?? '' }
}

function unknownName(name: string, known: ReadonlySet<string>): string {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll('_', '')
      .replace(/^holdfast/, '')
  const meant = [...known].find((one) => plain(one) === plain(name))
  return `no setting is called ${name}. ${meant === undefined ? '"holdfast serve --help" lists the names.' : `Is ${meant} meant?`}`
}

function readText(
  path: string,
  { what, bytesMax }: { readonly what: string; readonly bytesMax: number },
): { readonly text: string; readonly mode: number } {
  let file: number | null = null
  try {
    file = openSync(path, 'r')
    const { mode } = fstatSync(file)
    const bytes = Buffer.alloc(bytesMax + 1)
    let length = 0
    for (let read = -1; read !== 0 && length <= bytesMax; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null)
    }
    if (length > bytesMax) throw new SettingError(`The ${what}, ${path}, is larger than ${bytesMax} bytes.`)
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length)), mode }
  } catch (error) {
    if (error instanceof SettingError) throw error
    throw new SettingError(`Cannot read the ${what}, ${path}: ${reasonOf(error)}.`)
  } finally {
    if (file !== null) closeSync(file)
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'this user may not read it'
  if (code === 'EISDIR') return 'it is a folder'
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8 text' : message
}
