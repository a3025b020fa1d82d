/** The file of a ledger on its disk: who may use it, on what kind of file system it is, and how much room is left. */
import { statfsSync, statSync } from 'node:fs'
import { logOf, obstacleOf } from '../../stores/sqlite/database-file.ts'
import { finding, type Finding, type Severity } from '../finding.ts'
import { bytesText, MEBIBYTE } from '../sizes.ts'

export interface FileFacts {
  readonly file: string
  /** The bits of its permissions. */
  readonly mode: number
  /** Names of the file, links included. */
  readonly names: number
  /** Why this user cannot use it; null if it can. */
  readonly obstacle: string | null
  /** The number of the kind of file system; null where the system does not tell. */
  readonly system: number | null
  readonly bytesFree: number
  readonly bytesAll: number
}

export function factsOf(file: string): FileFacts {
  const { mode, nlink } = statSync(file)
  const { type, bavail, blocks, bsize } = statfsSync(file)
  return {
    file,
    mode: mode & 0o777,
    names: nlink,
    obstacle: obstacleOf(file),
    system: process.platform === 'linux' ? type : null,
    bytesFree: bavail * bsize,
    bytesAll: blocks * bsize,
  }
}

/** Bytes of the file and its log. */
export function bytesOf(file: string): number {
  return statSync(file).size + (statSync(logOf(file), { throwIfNoEntry: false })?.size ?? 0)
}

export function judgeFile(facts: FileFacts): readonly Finding[] {
  const { obstacle, names, file } = facts
  const findings = [judgeMode(facts), judgeSystem(facts), judgeRoom(facts)]
  if (obstacle !== null) findings.push(finding('file.obstacle', 'broken', { value: obstacle }))
  if (names > 1) {
    const remedy = `Find the other names (find / -xdev -samefile ${file}), and remove them`
    findings.push(finding('file.links', 'risk', { value: `the file has ${names} names`, remedy }))
  }
  return findings
}

function judgeMode({ mode, file }: FileFacts): Finding {
  const value = `mode ${mode.toString(8).padStart(3, '0')}`
  if ((mode & 0o077) === 0) return finding('file.permissions', 'fine', { value })
  const isWritable = (mode & 0o022) !== 0
  const remedy = `chmod 600 ${file}`
  const who = (mode & 0o007) === 0 ? 'the group' : 'every user of this machine'
  return finding('file.permissions', isWritable ? 'risk' : 'advice', {
    value: `${value}: ${who} may ${isWritable ? 'write' : 'read'} it`,
    remedy,
  })
}

interface System {
  readonly name: string
  readonly severity: Severity
  readonly why: string
}

const NETWORK =
  'SQLite’s log needs shared memory and locks, which file systems of a network do not provide reliably: two writers can destroy the file.'
const VOLATILE = 'What is in memory is gone after a restart of the machine.'
const LAYER = 'The writable layer of a container is removed together with the container.'

/** By their numbers in Linux, see statfs(2). */
const SYSTEMS: ReadonlyMap<number, System> = new Map([
  [0x6969, { name: 'NFS', severity: 'broken', why: NETWORK }],
  [0xff534d42, { name: 'CIFS', severity: 'broken', why: NETWORK }],
  [0xfe534d42, { name: 'SMB', severity: 'broken', why: NETWORK }],
  [0x01021997, { name: '9p', severity: 'risk', why: NETWORK }],
  [0x65735546, { name: 'FUSE', severity: 'risk', why: NETWORK }],
  [0x01021994, { name: 'tmpfs', severity: 'risk', why: VOLATILE }],
  [0x858458f6, { name: 'ramfs', severity: 'risk', why: VOLATILE }],
  [0x794c7630, { name: 'overlay', severity: 'risk', why: LAYER }],
])

function judgeSystem({ system }: FileFacts): Finding {
  const known = system === null ? undefined : SYSTEMS.get(system)
  if (known === undefined) return finding('file.system', 'fine', { value: 'a disk of this machine' })
  const { name, severity, why } = known
  return finding('file.system', severity, { value: name, why, remedy: 'Move the file to a disk of this machine' })
}

const FREE_BYTES_RISK = 256 * MEBIBYTE
const FREE_BYTES_ADVICE = 2_048 * MEBIBYTE

function judgeRoom({ bytesFree, bytesAll }: FileFacts): Finding {
  const value = `${bytesText(bytesFree)} of ${bytesText(bytesAll)} are free`
  if (bytesFree >= FREE_BYTES_ADVICE) return finding('file.disk_free', 'fine', { value })
  const severity = bytesFree < FREE_BYTES_RISK ? 'risk' : 'advice'
  return finding('file.disk_free', severity, {
    value,
    remedy: 'Remove other files from this disk, or give it more room',
  })
}
