/** What a view shows instead of rows: nothing there, not there yet, or a problem. */
import type { ReactNode } from 'react'
import { CallError } from '../call.ts'
import { useWords } from '../words/words.ts'
import { Button } from './button.tsx'

const TONES = {
  quiet: 'border-line bg-sunken text-ink',
  good: 'border-transparent bg-good-soft text-good',
  warn: 'border-transparent bg-warn-soft text-warn',
  bad: 'border-transparent bg-bad-soft text-bad',
} as const

export function Notice({
  tone,
  title,
  children,
}: {
  readonly tone: keyof typeof TONES
  readonly title: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={`rounded-lg border px-4 py-3 text-sm ${TONES[tone]}`}>
      <p className="font-semibold">{title}</p>
      {children !== undefined && <div className="mt-1 break-words">{children}</div>}
    </div>
  )
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="px-5 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children !== undefined && <p className="mx-auto mt-1 max-w-md text-sm text-muted">{children}</p>}
    </div>
  )
}

export function Loading() {
  const words = useWords()
  return (
    <p role="status" className="px-5 py-10 text-center text-sm text-muted">
      {words.loading}
    </p>
  )
}

/** The sentence for a problem in the language of the viewer, or that of the service. */
export function useProblemText(): (error: unknown) => string {
  const words = useWords()
  return (error) => (error instanceof CallError ? (words.problems[error.code] ?? error.detail) : String(error))
}

export function Problem({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  const words = useWords()
  const textOf = useProblemText()
  const text = textOf(error)
  const detail = error instanceof CallError && error.detail !== text ? error.detail : null
  return (
    <Notice tone="bad" title={text}>
      {detail !== null && <p>{detail}</p>}
      {again !== undefined && (
        <Button className="mt-2" onClick={again}>
          {words.again}
        </Button>
      )}
    </Notice>
  )
}
