/** One value each: an amount, an instant, a state, a link to what it names. */
import type { ReactNode } from 'react'
import { amountText, durationText, instantTexts, utcText } from '../figures.ts'
import { hrefOf } from '../location.ts'
import { usePreferences } from '../preferences.ts'
import { useDecimals } from '../queries.ts'
import { useWords, wordFor } from '../words/words.ts'

interface AmountProps {
  /** In minor units. */
  readonly minor: string | bigint
  readonly asset: string
  readonly isSigned?: boolean
  readonly hasAsset?: boolean
}

export function Amount({ minor, asset, isSigned = false, hasAsset = false }: AmountProps) {
  const decimals = useDecimals(asset)
  if (decimals === null) return <span className="text-muted">…</span>
  const tone = isSigned && BigInt(minor) > 0n ? 'text-good' : ''
  return (
    <span className={`figure ${tone}`}>
      {amountText(minor, decimals, isSigned)}
      {hasAsset && <span className="text-muted"> {asset}</span>}
    </span>
  )
}

/** The time in the zone of the viewer; the other one is its title. */
export function Instant({ at, hasBoth = false }: { readonly at: string; readonly hasBoth?: boolean }) {
  const preferences = usePreferences()
  const { date, time } = instantTexts(at, preferences)
  const local = Object.values(instantTexts(at, { ...preferences, zone: 'local' })).join(' ')
  const other = preferences.zone === 'utc' ? local : utcText(at)
  return (
    <time dateTime={at} title={other}>
      <span className="figure">{date}</span> <span className="figure">{time}</span>
      {preferences.zone === 'utc' && ' UTC'}
      {hasBoth && <span className="figure block text-xs leading-5 text-muted">{other}</span>}
    </time>
  )
}

/** How long until an instant, or since. */
export function Distance({ to }: { readonly to: string }) {
  const words = useWords()
  const { language } = usePreferences()
  const ms = Date.parse(to) - Date.now()
  return (
    <span className="figure">
      {ms >= 0 ? words.inTime(durationText(ms, language)) : words.ago(durationText(-ms, language))}
    </span>
  )
}

const TONES: Readonly<Record<string, string>> = {
  open: 'bg-accent-soft text-accent',
  active: 'bg-good-soft text-good',
  valid: 'bg-good-soft text-good',
  settled: 'bg-good-soft text-good',
  blocked: 'bg-bad-soft text-bad',
  closed: 'bg-bad-soft text-bad',
  revoked: 'bg-bad-soft text-bad',
  broken: 'bg-bad-soft text-bad',
  risk: 'bg-bad-soft text-bad',
  advice: 'bg-warn-soft text-warn',
  due: 'bg-warn-soft text-warn',
  missing: 'bg-warn-soft text-warn',
  extra: 'bg-warn-soft text-warn',
  unfinished: 'bg-accent-soft text-accent',
  different: 'bg-bad-soft text-bad',
  duplicate: 'bg-bad-soft text-bad',
  expired: 'bg-warn-soft text-warn',
}

/** A state or a kind of the ledger, as a word in a box. */
/** @param tone the word whose colour it has; default: its own */
export function Badge({ word, tone: like = word }: { readonly word: string; readonly tone?: string }) {
  const words = useWords()
  const tone = TONES[like] ?? 'bg-sunken text-muted'
  return (
    <span className={`inline-block rounded-md px-2 py-0.5 text-xs font-medium whitespace-nowrap ${tone}`}>
      {wordFor(words, word)}
    </span>
  )
}

interface LinkProps {
  readonly href: string
  readonly children: ReactNode
  readonly className?: string
}

export function Link({ href, children, className = '' }: LinkProps) {
  return (
    <a href={href} className={`text-accent underline-offset-2 hover:underline ${className}`}>
      {children}
    </a>
  )
}

export function AccountLink({ name }: { readonly name: string }) {
  return <Link href={hrefOf(['accounts', name])}>{name}</Link>
}

export function HoldLink({ id }: { readonly id: string }) {
  return (
    <Link href={hrefOf(['holds', id])} className="font-mono text-[0.8125rem]">
      {id}
    </Link>
  )
}

export function EntryLink({ id, children }: { readonly id: string; readonly children?: ReactNode }) {
  return (
    <Link href={hrefOf(['entries', id])} className={children === undefined ? 'font-mono text-[0.8125rem]' : ''}>
      {children ?? id}
    </Link>
  )
}

interface Author {
  readonly key: string
  readonly address: string
  readonly trace: string | null
}

export function By({ author }: { readonly author: Author | null }) {
  const words = useWords()
  if (author === null) return <span className="text-muted">{words.nobody}</span>
  return <span title={author.trace ?? undefined}>{words.issuedBy(author.key, author.address)}</span>
}

export function Metadata({ metadata }: { readonly metadata: object | null }) {
  if (metadata === null) return <span className="text-muted">–</span>
  return (
    <ul className="font-mono text-[0.8125rem]">
      {Object.entries(metadata).map(([name, value]) => (
        <li key={name}>
          {name}: {JSON.stringify(value)}
        </li>
      ))}
    </ul>
  )
}
