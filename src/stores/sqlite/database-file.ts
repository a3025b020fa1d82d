/**
 * The file of a ledger before SQLite opens it: what may be opened at all, and how a new one is made.
 *
 * Nothing here opens a file that is there. POSIX drops every lock that a process has on a file when it closes any of its
 * descriptors, also those that SQLite holds (https://www.sqlite.org/howtocorrupt.html, section 2.2).
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

/** Balances are nobody else's to read. SQLite gives the -wal and the -shm file the mode of the database. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** The log beside a database, which has what was committed last. */
export function logOf(file: string): string {
  return `${file}-wal`
}

/**
 * Makes the file at `path`, empty, and its folder when they are not there.
 *
 * @returns the file itself, absolute and without links, as SQLite names the files beside it
 * @throws Fault `store_misconfigured`, `store_unavailable`
 */
export function makeDatabaseFile(path: string): string {
  try {
    const folder = dirname(resolve(path))
    const firstMade = mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
    if (!isThere(path)) makeEmpty(path)
    if (firstMade !== undefined) syncFolders(folder, dirname(firstMade))
  } catch (error) {
    throw faultOf(path, error)
  }
  return findDatabaseFile(path)
}

/** As `makeDatabaseFile`, for a file that is there. */
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

/** For its owner alone. Follows no link. @throws Error `EEXIST` */
export function makeEmptyFile(path: string): void {
  closeSync(openSync(path, 'wx', FILE_MODE))
}

/** What the rights of this process and the file system forbid, in words; null when that is not it. */
export function obstacleOf(file: string): string | null {
  const needed = [
    [file, constants.R_OK | constants.W_OK, 'read and write the file'],
    [dirname(file), constants.W_OK | constants.X_OK, 'make files beside it, in the folder'],
  ] as const
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
 * What another process wrote to the log and was killed before it could have it on disk is found by the next one that opens the
 * file. It must not be answered before it is durable (law 6).
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

/** Makes the names in a folder durable: a file that was made, or got another name. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r')
}

/** Nothing may have the file open as a database meanwhile but for its log. */
export function syncFile(path: string): void {
  // Windows syncs only what may be written.
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

/** From a folder up to one above it. */
function syncFolders(folder: string, last: string): void {
  for (let each = folder; each !== last; each = dirname(each)) syncFolder(each)
  syncFolder(last)
}

/** Whether something has the name, be it a link to nothing. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function makeEmpty(path: string): void {
  if ((statSync(logOf(resolve(path)), { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw misconfigured(
      `${path} is not there, but its log ${logOf(path)} is, and a new file would destroy what it has. Put the database back beside it, or move the log away.`,
    )
  }
  try {
    // Another process may be faster.
    makeEmptyFile(path)
    syncFolder(dirname(resolve(path)))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
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

/** What passes by itself; all else is the operator's. */
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
