/**
 * The file of a ledger before SQLite opens it: which files may be opened, and how a new one is made.
 *
 * Nothing here opens an existing file. POSIX drops all locks of a process on a file when the process closes any of its descriptors, also
 * the locks of SQLite (https://www.sqlite.org/howtocorrupt.html, section 2.2).
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '../../engine/faults.ts'
import { misconfigured } from './errors.ts'

/** Only the owner may read balances. SQLite gives the -wal and the -shm file the mode of the database. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** The log of a database, which has the last commits. */
export function logOf(file: string): string {
  return `${file}-wal`
}

export interface DatabaseFile {
  /** The path, absolute and without links, which SQLite uses for the names of the -wal and -shm files. */
  readonly file: string
  /** Whether this call made the file. */
  readonly isNew: boolean
}

/**
 * Makes the empty file at `path` and its folder if they are missing.
 *
 * @throws Fault `store_misconfigured`, `store_unavailable`
 */
export function makeDatabaseFile(path: string): DatabaseFile {
  let isNew = false
  try {
    const folder = dirname(resolve(path))
    const firstMade = mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
    if (!isThere(path)) isNew = makeEmpty(path)
    if (firstMade !== undefined) syncFolders(folder, dirname(firstMade))
  } catch (error) {
    throw faultOf(path, error)
  }
  return { file: findDatabaseFile(path), isNew }
}

/** The path of an existing file, as in `DatabaseFile`. @throws as `makeDatabaseFile` */
export function findDatabaseFile(path: string): string {
  try {
    if (!existsSync(path)) throw danglingLink(path)
    const file = realpathSync(path)
    if (!statSync(file).isFile()) throw misconfigured(`${path} is no file, but ${kindOf(file)}.`)
    return file
  } catch (error) {
    throw faultOf(path, error)
  }
}

/** Readable and writable by the owner only. Follows no link. @throws Error `EEXIST` */
export function makeEmptyFile(path: string): void {
  closeSync(openSync(path, 'wx', FILE_MODE))
}

/** A sentence about missing rights on the file; null when the rights are not the cause. */
export function obstacleOf(file: string): string | null {
  return missingRight([
    [file, constants.R_OK | constants.W_OK, 'read and write the file'],
    [dirname(file), constants.W_OK | constants.X_OK, 'make files next to it, in the folder'],
  ])
}

/** As `obstacleOf`, of a file that is only read: SQLite keeps the index of the log in a file next to it. */
export function readingObstacleOf(file: string): string | null {
  return missingRight([
    [file, constants.R_OK, 'read the file'],
    [dirname(file), constants.W_OK | constants.X_OK, 'make files next to it, in the folder'],
  ])
}

function missingRight(needed: readonly (readonly [path: string, mode: number, right: string])[]): string | null {
  for (const [path, mode, right] of needed) {
    try {
      accessSync(path, mode)
    } catch (error) {
      return `The user of this process may not ${right} ${path} (${codeOf(error)}). Give it that right, or name another file.`
    }
  }
  return null
}

/**
 * Syncs the log. A process may have been killed after it wrote commits to the log and before they were on disk. The next process sees
 * them, and must not answer from them before they are durable (law 6).
 */
export function syncLog(file: string): void {
  const log = logOf(file)
  if (!existsSync(log)) return
  try {
    syncFile(log)
  } catch (error) {
    throw faultOf(log, error)
  }
}

/** Makes the names in a folder durable, after a file was created or renamed. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r')
}

/** Only for a log, or for a file that no connection of this process has open as a database. */
export function syncFile(path: string): void {
  // Windows syncs only a file that is open for writing.
  sync(path, process.platform === 'win32' ? 'r+' : 'r')
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The folders from one up to a folder above it. */
function syncFolders(folder: string, last: string): void {
  for (let each = folder; each !== last; each = dirname(each)) syncFolder(each)
  syncFolder(last)
}

/** Whether the name exists, also as a broken link. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Returns whether this process made it. */
function makeEmpty(path: string): boolean {
  if ((statSync(logOf(resolve(path)), { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw misconfigured(
      `${path} is missing, but its log ${logOf(path)} exists, and a new file would destroy its commits. Put the database back next to it, or move the log away.`,
    )
  }
  try {
    // Another process may have made it meanwhile.
    makeEmptyFile(path)
    syncFolder(dirname(resolve(path)))
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    return false
  }
}

function danglingLink(path: string): Fault {
  if (!isThere(path)) return misconfigured(`${path} is not there.`)
  const target = readlinkSync(path)
  return misconfigured(`${path} is a link to ${target}, which is not there. Make that file, or remove the link.`)
}

function kindOf(path: string): string {
  const stats = statSync(path)
  if (stats.isDirectory()) return 'a folder. Name a file in it'
  if (stats.isFIFO()) return 'a pipe. Name a file'
  if (stats.isSocket()) return 'a socket. Name a file'
  return 'a device. Name a file'
}

/** Errors that end by themselves; all others need the operator. */
const PASSING: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EBUSY',
  'EINTR',
])

function faultOf(path: string, error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = `${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`
  if (PASSING.has(codeOf(error))) return new Fault('store_unavailable', message, { retryAfterMs: 1_000, cause: error })
  return misconfigured(`${message} Mend that, or name another file.`, error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
