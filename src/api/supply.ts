/** The largest supply of an asset in words. It helps to choose the decimal places. */
import { supplyOf } from '../domain/asset.ts'

const COINS = new Intl.NumberFormat('en-US')

/** Returns one sentence with a full stop. */
export function supplyText(decimals: number): string {
  const { perCommand, perBalance, perIssuer } = supplyOf({ decimals })
  const places = decimals === 1 ? '1 decimal place' : `${decimals} decimal places`
  return (
    `With ${places}, one command can move up to ${COINS.format(perCommand)} coins, a balance can have up to ` +
    `${COINS.format(perBalance)}, and one process can issue up to ${COINS.format(perIssuer)}.`
  )
}
