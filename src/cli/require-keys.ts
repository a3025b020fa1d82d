/** A service that others can reach needs keys. */
import { SettingError, withoutPassword, type Settings } from '../config.ts'
import type { EmbeddedLedger } from '../ledger.ts'
import { isLoopback } from './loopback.ts'

/** Whoever reaches the port of a service without keys can make coins. @throws SettingError */
export async function requireKeysFor(
  { host, insecure, store, readOnly }: Settings,
  ledger: EmbeddedLedger,
): Promise<void> {
  if (insecure || isLoopback(host)) return
  try {
    if ((await ledger.storage.keys.list({ after: 0, limit: 1 })).length > 0) return
  } catch (error) {
    await ledger.close()
    throw error
  }
  await ledger.close()
  const danger = readOnly ? 'read everything' : 'make coins'
  throw new SettingError(
    `Others could reach the service at ${host}, and ${withoutPassword(store)} has no keys, so they could ${danger}. ` +
      'Make the first key with "holdfast keys create --admin --store URL", or add --insecure if something else decides who may call.',
  )
}
