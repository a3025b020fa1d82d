import type { ReactNode } from 'react'

interface CardProps {
  readonly title?: ReactNode
  /** On the right of the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
  /** Whether the content goes to the edges, as a table does. */
  readonly isFlush?: boolean
}

export function Card({ title, aside, children, isFlush = false }: CardProps) {
  return (
    <section className="rounded-xl border border-line bg-surface">
      {(title !== undefined || aside !== undefined) && (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 pt-4 pb-2 sm:px-5">
          {title === undefined ? <span /> : <h2 className="text-[0.9375rem] font-semibold">{title}</h2>}
          {aside}
        </header>
      )}
      <div className={isFlush ? 'overflow-x-auto pb-1' : 'px-4 pb-4 sm:px-5 sm:pb-5 first:pt-4 sm:first:pt-5'}>
        {children}
      </div>
    </section>
  )
}

/** The head of a view: where it is, its name, and what can be done. */
export function PageHead({
  above,
  title,
  badge,
  children,
}: {
  readonly above?: ReactNode
  readonly title: ReactNode
  readonly badge?: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <div className="mb-5 flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        {above !== undefined && <p className="mb-0.5 text-sm text-muted">{above}</p>}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-2xl font-semibold tracking-tight break-all">{title}</h1>
          {badge}
        </div>
      </div>
      {children !== undefined && <div className="flex flex-wrap gap-2">{children}</div>}
    </div>
  )
}

/** A list of names and values. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 lg:grid-cols-4">{children}</dl>
}

export function Fact({ name, children }: { readonly name: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-[0.8125rem] text-muted">{name}</dt>
      <dd className="mt-0.5 break-words">{children}</dd>
    </div>
  )
}
