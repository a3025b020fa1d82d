/** Keys as InnoDB prints its records: fields in hexadecimal digits. */

export interface StoredField {
  /** In bytes. */
  readonly length: number
  readonly hex: string
  readonly ascii: string
  /** Whether more bytes follow than the text shows. */
  readonly isCut: boolean
}

/** Fields that follow the key in the record of a primary key: the transaction and the pointer to the version before. */
const TRANSACTION_BYTES = 6
const POINTER_BYTES = 7

/** `'user:1', 10`; empty for a record that has no key, such as the end of an index. */
export function decodeKey(fields: readonly (StoredField | null)[]): string {
  const end = fields.findIndex(
    (field, place) => field?.length === TRANSACTION_BYTES && fields[place + 1]?.length === POINTER_BYTES,
  )
  const key = end > 0 ? fields.slice(0, end) : fields
  if (key.length === 1 && /^(?:supremum|infimum)/.test(key[0]?.ascii ?? ''))
    return `the ${key[0]!.ascii.trim()} of the index`
  return key.map((field) => (field === null ? 'NULL' : decodeField(field))).join(', ')
}

const PRINTABLE = /^[\x20-\x7e]*$/

/** Signed integers have their first bit inverted, so that they sort as bytes. */
function decodeField({ length, hex, isCut }: StoredField): string {
  if (!isCut && (length === 4 || length === 8) && /^[89]/.test(hex)) {
    return String(BigInt(`0x${hex}`) - 2n ** BigInt(length * 8 - 1))
  }
  const text = Buffer.from(hex, 'hex').toString('latin1')
  if (!PRINTABLE.test(text)) return `0x${hex}${isCut ? '…' : ''}`
  return `'${text.trimEnd()}${isCut ? '…' : ''}'`
}
