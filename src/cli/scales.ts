/** The decimal places of the assets: people read and write `1.50`, the ledger counts 150 minor units. */
import { LedgerError } from '../api/error.ts'
import { errorOfRejection } from '../api/rejection-error.ts'
import type { LegInput, Ledger } from '../api/ledger.ts'
import { SettingError } from '../config.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'
import { decimalText, readDecimal } from '../domain/decimal.ts'
import { DEFAULT_ASSET, isAssetCode, type AssetCode } from '../domain/ids.ts'
import { given, type AmountText, type Share } from './arguments.ts'

export class Scales {
  readonly #decimals: ReadonlyMap<AssetCode, number>

  constructor(assets: readonly { readonly code: AssetCode; readonly decimals: number }[]) {
    this.#decimals = new Map(assets.map(({ code, decimals }) => [code, decimals]))
  }

  static async of(ledger: Pick<Ledger, 'assets'>): Promise<Scales> {
    return new Scales(await ledger.assets())
  }

  /** The decimal places of an asset that an answer names. */
  decimalsOf(asset: AssetCode): number {
    return this.#decimals.get(asset) ?? 0
  }

  text(amount: bigint, asset: AssetCode): string {
    return decimalText(amount, this.decimalsOf(asset))
  }

  /** A change, with its sign. */
  signed(change: bigint, asset: AssetCode): string {
    return `${change > 0n ? '+' : ''}${this.text(change, asset)}`
  }

  /**
   * The amount of a command, in minor units.
   *
   * @param name of the argument or option, for messages. @param asset by default `credit`
   * @throws SettingError, and LedgerError `unknown_asset`
   */
  amount(text: AmountText, name: string, asset: string = DEFAULT_ASSET, least: 0n | 1n = 1n): bigint {
    const amount = this.whole(text, name, asset)
    if (amount >= least && amount <= AMOUNT_MAX) return amount
    throw new SettingError(
      `${name} must be from ${this.text(least, asset)} to ${this.text(AMOUNT_MAX, asset)} ${asset}, not ${text}.`,
    )
  }

  /** Any value that a balance can have. @throws as `amount` */
  whole(text: AmountText, name: string, asset: string = DEFAULT_ASSET): bigint {
    const decimals = this.#decimals.get(asset)
    if (decimals === undefined && isAssetCode(asset)) throw errorOfRejection({ code: 'unknown_asset', asset })
    // The ledger refuses what is no code, with a message of its own.
    const amount = readDecimal(text, decimals ?? 0)
    if (typeof amount === 'bigint') return amount
    throw new SettingError(`${name}: ${amount}`)
  }

  /** @throws as `amount` */
  legs(
    from: string,
    shares: readonly Share[],
    common: {
      readonly asset: string | undefined
      readonly toAsset: string | undefined
      readonly ifVersion?: number | undefined
    },
  ): LegInput[] {
    const { asset, toAsset = asset } = common
    return shares.map(({ to, amount, toAmount }) => ({
      from,
      to,
      amount: this.amount(amount, `the amount of ${to}`, asset),
      ...given({
        ...common,
        toAmount: toAmount === undefined ? undefined : this.amount(toAmount, `the amount that ${to} receives`, toAsset),
      }),
    }))
  }
}

/** The asset of a hold or charge, in whose decimal places its amounts are. @throws LedgerError `hold_not_found` */
export async function assetOfHold(ledger: Pick<Ledger, 'hold' | 'entry'>, hold: string): Promise<AssetCode> {
  try {
    return (await ledger.hold(hold)).asset
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code !== 'hold_not_found') throw error
    const entry = await ledger.entry(hold).catch(() => null)
    if (entry?.kind !== 'charge') throw error
    return entry.postings[0]!.asset
  }
}
