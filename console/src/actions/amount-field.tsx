/** An amount that the operator writes in the decimal places of its asset. */
import { amountIn, amountText } from '../figures.ts'
import { TextField } from '../parts/field.tsx'
import { useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'

export interface Written {
  /** In minor units; null if the text is no amount that may be sent. */
  readonly amount: bigint | null
  /** What is wrong with the text; null for none. */
  readonly flaw: string | null
  /** The amount with its asset, for the button. */
  readonly text: string
}

/** @param most in minor units; null for no limit */
export function useWritten(
  text: string,
  asset: string,
  { least = 1n, most = null }: { readonly least?: bigint; readonly most?: bigint | null } = {},
): Written {
  const words = useWords()
  const decimals = useDecimals(asset)
  if (decimals === null) return { amount: null, flaw: words.loading, text: '' }
  const amount = amountIn(text, decimals)
  if (amount === null || amount < least) return { amount: null, flaw: words.amountWrong(decimals), text: '' }
  if (most !== null && amount > most)
    return { amount: null, flaw: words.amountTooMuch(amountText(most, decimals)), text: '' }
  return { amount, flaw: null, text: `${amountText(amount, decimals)} ${asset}` }
}

interface AmountFieldProps {
  readonly value: string
  readonly onChange: (text: string) => void
  readonly asset: string
  readonly hint?: string
  readonly name?: string
}

export function AmountField({ value, onChange, asset, hint, name }: AmountFieldProps) {
  const words = useWords()
  return (
    <TextField name={name ?? `${words.amount} (${asset})`} value={value} onChange={onChange} hint={hint} isDecimal />
  )
}
