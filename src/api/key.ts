/** A key on the wire. */
import type { KeyRecord } from '../access/key.ts'
import { isOpenEnded } from '../domain/confinement.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import type { KeyWire, SecretKeyWire } from './key-schemas.ts'
import type { Key as Value, SecretKey as SecretValue } from './keys.ts'

export type { KeyPageWire, KeyWire, SecretKeyWire } from './key-schemas.ts'

/** What callers see of a row. */
export function keyOfRecord({ within, ...record }: KeyRecord): Value {
  const { number, name, scopes, commandsPerSecond, burst, createdAt, rotatedAt, previousUntil } = record
  const { expiresAt, lastUsedAt, revokedAt } = record
  return {
    number,
    name,
    scopes,
    accounts: within?.accounts ?? null,
    assets: within?.assets ?? null,
    amountMax: within?.amountMax ?? null,
    commandsPerSecond,
    burst,
    createdAt,
    rotatedAt,
    previousUntil,
    expiresAt,
    lastUsedAt,
    revokedAt,
  }
}

/** A key with its new secret. */
export function secretKeyOfRecord(record: KeyRecord, secret: string): SecretValue {
  const key = keyOfRecord(record)
  const warnings = (key.accounts ?? []).filter(isOpenEnded).map((prefix) => {
    return (
      `The key is for every account whose name begins with "${prefix}": also for "${prefix}0", for example. ` +
      `If that is not meant, end the prefix with a separator, such as "${prefix}:".`
    )
  })
  return { ...key, secret, warnings }
}

export function keyToWire(key: Value): KeyWire {
  return {
    number: key.number,
    name: key.name,
    scopes: [...key.scopes],
    accounts: key.accounts === null ? null : [...key.accounts],
    assets: key.assets === null ? null : [...key.assets],
    amountMax: key.amountMax === null ? null : key.amountMax.toString(),
    commandsPerSecond: key.commandsPerSecond,
    burst: key.burst,
    createdAt: instantToWire(key.createdAt),
    rotatedAt: toWire(key.rotatedAt),
    previousUntil: toWire(key.previousUntil),
    expiresAt: toWire(key.expiresAt),
    lastUsedAt: toWire(key.lastUsedAt),
    revokedAt: toWire(key.revokedAt),
  }
}

export function secretKeyToWire(key: SecretValue): SecretKeyWire {
  return { ...keyToWire(key), secret: key.secret, warnings: [...key.warnings] }
}

export function keyFromWire(wire: KeyWire): Value {
  return {
    ...wire,
    amountMax: wire.amountMax === null ? null : BigInt(wire.amountMax),
    createdAt: instantFromWire(wire.createdAt),
    rotatedAt: fromWire(wire.rotatedAt),
    previousUntil: fromWire(wire.previousUntil),
    expiresAt: fromWire(wire.expiresAt),
    lastUsedAt: fromWire(wire.lastUsedAt),
    revokedAt: fromWire(wire.revokedAt),
  }
}

/** A service of an earlier version sends no warnings. */
export function secretKeyFromWire({
  secret,
  warnings = [],
  ...wire
}: Omit<SecretKeyWire, 'warnings'> & Partial<Pick<SecretKeyWire, 'warnings'>>): SecretValue {
  return { ...keyFromWire(wire), secret, warnings }
}

export const keyWithJson = jsonForm(keyToWire)
export const secretKeyWithJson = jsonForm(secretKeyToWire)

function toWire(at: number | null): string | null {
  return at === null ? null : instantToWire(at)
}

function fromWire(text: string | null): number | null {
  return text === null ? null : instantFromWire(text)
}
