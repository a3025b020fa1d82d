/** Standings of accounts as rows of `standings`. The assets are one text, because a code has no space. */
import type { StandingChange } from '../../domain/changes.ts'
import { newStanding, STANDINGS, type Standing, type StandingRecord } from '../../domain/standing.ts'
import { rowKind, rowUpdate } from './row-kind.ts'
import { whole, type Row } from './values.ts'

/** A standing as it is stored, here and with each balance. */
export function standingNumber(standing: Standing): number {
  return STANDINGS.indexOf(standing)
}

export function standingOfNumber(value: Row[string]): Standing {
  return STANDINGS[whole(value)]!
}

export function standingRow({ account, standing, successor, assets, version }: StandingRecord) {
  return { account, standing: standingNumber(standing), successor, assets: assets.join(' '), version }
}

function standingChangeRow({ before, after }: StandingChange) {
  return {
    standing: standingNumber(after.standing),
    successor: after.successor,
    assets: after.assets.join(' '),
    version: after.version,
    account: after.account,
    before_standing: standingNumber(before.standing),
    before_assets: before.assets.join(' '),
    before_version: before.version,
  }
}

export function standingOf(row: Row): StandingRecord {
  const assets = row['assets'] as string
  return {
    account: row['account'] as string,
    standing: standingOfNumber(row['standing']),
    successor: row['successor'] as string | null,
    assets: assets === '' ? [] : assets.split(' '),
    version: whole(row['version']),
  }
}

const SAMPLE: StandingRecord = { ...newStanding('user:8'), standing: 'closed', successor: 'user:9', assets: ['credit'] }

export const STANDING_NEW = rowKind('standings', standingRow, { ...SAMPLE, version: 1 })
export const STANDING_CHANGED = rowUpdate(
  rowKind('standings', standingChangeRow, { before: SAMPLE, after: { ...SAMPLE, version: 1 } }),
  'account',
)
