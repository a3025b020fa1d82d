/**
 * A fingerprint tells a repeated request from another one under the same id.
 *
 * Only rows with equal request ids are ever compared, so 53 bits (a safe integer) leave one chance in 9 · 10^15 that a
 * changed request passes for a repeat; it is then answered with the original, never applied.
 */
import type { AmendCommand, Command, Leg } from './command.ts'
import { canonicalMetadata } from './metadata.ts'

/** Equal for equal contents as sent: a relative expiry stays relative, the order of metadata keys does not matter. */
export function fingerprint(command: Command): number {
  return hash53(contents(command))
}

function contents(command: Command): string {
  switch (command.kind) {
    case 'freeze':
      return `freeze ${command.account} ${command.asset} ${command.amount} ${command.payee} ${command.expiresInMs} ${command.expiresAt} ${canonicalMetadata(command.metadata)}${command.onExpiry === null ? '' : ` ${command.onExpiry.settle}`}`
    case 'settle':
      return command.payee === null && !command.late
        ? `settle ${command.amount} ${command.overage}`
        : `settle ${command.amount} ${command.overage} ${command.payee ?? '~'} ${command.late}`
    case 'settle-part':
      return `settle-part ${command.hold} ${command.amount} ${command.overage} ${command.payee ?? '~'} ${attached(command)}`
    case 'amend':
      return `amend ${command.hold} ${command.amount} ${command.expiresInMs} ${command.expiresAt} ${onExpiryContents(command)}`
    case 'refund':
      return `refund ${command.hold} ${command.amount} ${attached(command)}`
    case 'release':
      return `release ${command.cause}`
    case 'deposit':
      return `deposit ${command.account} ${command.asset} ${command.amount} ${attached(command)}`
    case 'charge':
      return `charge ${command.account} ${command.asset} ${command.amount} ${command.payee} ${attached(command)}`
    case 'transfer':
      return `transfer ${command.legs.map(legContents).join(',')} ${attached(command)}`
    case 'open':
      return `open ${command.account} ${command.asset} ${command.floor} ${canonicalMetadata(command.metadata)}`
    case 'declare':
      return `declare ${command.asset} ${command.decimals} ${command.name}`
    case 'rate':
      return `rate ${command.from} ${command.to} ${command.numerator} ${command.denominator} ${command.rounding} ${command.tolerancePpm}`
  }
}

/** What is left as it is, is told apart from what is cleared. */
function onExpiryContents({ onExpiry }: AmendCommand): string {
  if (onExpiry === undefined) return ''
  return onExpiry === null ? 'release' : `${onExpiry.settle}`
}

function legContents({ from, to, asset, amount, toAsset, toAmount }: Leg): string {
  const leg = `${from} ${to} ${asset} ${amount}`
  return toAsset === undefined ? leg : `${leg} ${toAsset} ${toAmount ?? ''}`
}

function attached(command: { memo: string | null; metadata: Parameters<typeof canonicalMetadata>[0] }): string {
  return `${JSON.stringify(command.memo)} ${canonicalMetadata(command.metadata)}`
}

/**
 * A 53-bit hash of a string: two 32-bit multiply-xor lanes over its UTF-16 units, mixed at the end with the MurmurHash3
 * finalizer constants (https://github.com/aappleby/smhasher, public domain).
 */
function hash53(text: string): number {
  let high = 0x9e3779b9
  let low = 0x85ebca6b
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x85ebca6b)
    low = Math.imul(low ^ unit, 0xc2b2ae35)
    high ^= low >>> 15
  }
  high = mix(high ^ text.length)
  low = mix(low ^ high)
  return (high & 0x1fffff) * 0x1_0000_0000 + (low >>> 0)
}

function mix(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
