/** The library: `openLedger` and its types. */
export { eraseAccount, openLedger, type EmbeddedLedger, type OpenLedgerOptions } from './ledger.ts'
export { formatAmount, parseAmount } from './api/decimals.ts'
export { createToken } from './api/token.ts'
export {
  keyFromWire,
  keyToWire,
  secretKeyFromWire,
  secretKeyToWire,
  type KeyWire,
  type SecretKeyWire,
} from './api/key.ts'
export { LedgerError } from './api/error.ts'
export type { ProblemCode } from './api/problem.ts'
export { toProblem, type ProblemResponse } from './api/problem-response.ts'
export { accountFromWire, accountToWire, type AccountWire } from './api/account.ts'
export { assetFromWire, assetToWire, type AssetWire } from './api/asset.ts'
export { balanceFromWire, balanceToWire, type BalanceWire } from './api/balance.ts'
export { entryFromWire, entryToWire, type EntryWire } from './api/entry.ts'
export { houseAccountFromWire, houseAccountToWire, type HouseAccountWire } from './api/house-account.ts'
export {
  holdEventFromWire,
  holdEventToWire,
  holdFromWire,
  holdToWire,
  type HoldEventWire,
  type HoldWire,
} from './api/hold.ts'
export { openedFromWire, openedToWire, type OpenedAccountWire } from './api/opened-account.ts'
export { lineFromWire, lineToWire, type StatementLineWire } from './api/posting.ts'
export { rateFromWire, rateToWire, type RateWire } from './api/rate.ts'
export type { ProblemWire } from './api/outcome-schemas.ts'
export type * from './api/ledger.ts'
export { AMOUNT_MAX, BALANCE_MAX, BALANCE_MIN, type Amount } from './domain/amount.ts'
export type { Asset } from './domain/asset.ts'
export type { Balance } from './domain/balance.ts'
export type { Overage } from './domain/command.ts'
export type { Hold, HoldState, OnExpiry } from './domain/hold.ts'
export type { HouseAccount } from './domain/house-account.ts'
export type { AccountName, AssetCode, Instant, RequestId } from './domain/ids.ts'
export type { AppliedRate, Entry, EntryKind, EntryLeg, HoldEvent, Posting } from './domain/journal.ts'
export type { Metadata } from './domain/metadata.ts'
export type { Applied } from './domain/outcome.ts'
export type { Answer, Answers } from './domain/command.ts'
export type { Rate, Rounding } from './domain/rate.ts'
export type { ExpiryEvent, ExpiryStatus } from './engine/sweeper.ts'
export type { EngineLimits } from './engine/limits.ts'
export type { ObservedBatch, Observer, Trouble, Try } from './engine/observer.ts'
export type { AnsweredWork, Origin } from './engine/ticket.ts'
export { MigrationError } from './stores/sql/migrator.ts'
export { StoreUrlError } from './stores/open.ts'
