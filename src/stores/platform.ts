/** What the stores need of the platform, so that an older Node gets a sentence instead of a missing module or method. */
import { Fault } from '../engine/faults.ts'

/** The engines of package.json; bin/holdfast.js has the same. */
const NODE_MIN = { major: 24, minor: 15 }

/** @throws Fault `store_misconfigured` */
export function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor)) return
  const only = 'Only the client (holdfast/client) runs on older ones.'
  throw new Fault('store_misconfigured', `${needed()}; this is ${process.versions.node}. ${only}`)
}

/** @throws Fault `store_misconfigured` */
export function requireSqlite(): void {
  if (process.getBuiltinModule('node:sqlite') !== undefined) return
  throw new Fault('store_misconfigured', `SQLite needs node:sqlite, which this runtime does not have. ${needed()}.`)
}

function needed(): string {
  return `Holdfast needs Node.js ${NODE_MIN.major}.${NODE_MIN.minor} or newer`
}
