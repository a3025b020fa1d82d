/** Which supply an asset can have, in words: for whoever chooses its decimal places. */
import { supplyOf } from '../domain/asset.ts'

const COINS = new Intl.NumberFormat('en-US')

/** One sentence with a full stop. */
export function supplyText(decimals: number): string {
  const { perCommand, perBalance, perIssuer } = supplyOf({ decimals })
  const places = decimals === 1 ? '1 decimal place' : `${decimals} decimal places`
  return (
    `With ${places}, one command moves up to ${COINS.format(perCommand)} coins, a balance has up to ` +
    `${COINS.format(perBalance)}, and one process issues up to ${COINS.format(perIssuer)}.`
  )
}
