/** Which server of a store URL takes writes, as a process of Holdfast would find it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseHost } from '../../src/stores/host-choice.ts'
import { nameOfHost } from '../../src/stores/hosts.ts'
import type { HostSearch } from '../../src/stores/host-search.ts'
import { searchOf as mysqlSearchOf } from '../../src/stores/mysql/host-look.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { searchOf as postgresSearchOf } from '../../src/stores/postgres/connections.ts'
import { parsePostgresUrl } from '../../src/stores/postgres/url.ts'

const ASK_AGAIN_MS = 20
const PROMOTION_MS_MAX = 120_000

function searchOf(store: string): HostSearch {
  if (store.startsWith('postgres:')) return postgresSearchOf(parsePostgresUrl(store))
  const { address, tuning } = parseMysqlUrl(store)
  return mysqlSearchOf(address, tuning)
}

/** `HOST:PORT` of the server that takes writes; null while none does. */
export async function writableHost(store: string): Promise<string | null> {
  const states = await searchOf(store).states()
  try {
    return nameOfHost(chooseHost(states, { host: null, term: 0 }).host)
  } catch {
    return null
  }
}

/** Resolves when another server than `old` takes writes. */
export async function promoted(store: string, old: string): Promise<string> {
  const deadline = performance.now() + PROMOTION_MS_MAX
  for (;;) {
    const now = await writableHost(store)
    if (now !== null && now !== old) return now
    if (performance.now() > deadline)
      throw new Error(`No other server than ${old} took writes within ${PROMOTION_MS_MAX} ms.`)
    await sleep(ASK_AGAIN_MS)
  }
}
