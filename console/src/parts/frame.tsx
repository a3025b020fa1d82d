/** What is around every view: the places, the field that finds, and the content. */
import { useState, type SubmitEvent, type ReactNode } from 'react'
import { go, hrefOf, useLocation } from '../location.ts'
import { setPreferences, usePreferences } from '../preferences.ts'
import { useWords } from '../words/words.ts'
import { useObstacle } from '../caller.tsx'
import { PLACES, type Place } from '../places.ts'
import { Icon, Logo } from './icon.tsx'

/** The version that this console was built with. */
const VERSION = document.querySelector<HTMLMetaElement>('meta[name=application-name]')?.dataset['version']

const NAMES = Object.keys(PLACES) as readonly Place[]
/** At the bottom of a phone there is room for five. */
const ON_PHONE = new Set<Place>(['overview', 'accounts', 'holds', 'entries', 'settings'])

export function Frame({ children }: { readonly children: ReactNode }) {
  const words = useWords()
  return (
    <div className="min-h-screen lg:grid lg:grid-cols-[14rem_minmax(0,1fr)]">
      <a
        href="#content"
        onClick={toContent}
        className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:rounded-lg focus:bg-surface focus:px-3 focus:py-2"
      >
        {words.skipToContent}
      </a>
      <aside className="hidden border-r border-line bg-surface lg:block">
        <div className="sticky top-0 flex h-screen flex-col p-4">
          <Brand />
          <Places className="mt-6 flex flex-col gap-1" link="gap-3 px-3 py-2 text-sm" places={NAMES} />
          <p className="mt-auto px-3 text-[0.8125rem] text-muted">
            <a href="docs/" className="underline-offset-2 hover:underline">
              {words.reference}
            </a>
            <span className="block">{VERSION}</span>
          </p>
        </div>
      </aside>
      <div className="min-w-0">
        <header className="sticky top-0 z-10 flex items-center gap-3 border-b border-line bg-surface px-4 py-2.5 sm:px-6">
          <div className="lg:hidden">
            <Brand isShort />
          </div>
          <Finder />
          <LanguageButton />
        </header>
        <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 pt-6 pb-28 outline-none sm:px-6 lg:pb-12">
          {children}
        </main>
      </div>
      <Places
        className="fixed inset-x-0 bottom-0 z-10 grid auto-cols-fr grid-flow-col border-t border-line bg-surface lg:hidden"
        link="flex-col gap-0.5 px-1 py-2 text-[0.6875rem]"
        places={NAMES.filter((place) => ON_PHONE.has(place))}
      />
    </div>
  )
}

/** The address stays that of the view. */
function toContent(event: { preventDefault(): void }): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#content')?.focus()
}

function Brand({ isShort = false }: { readonly isShort?: boolean }) {
  return (
    <a href="#/" aria-label="Holdfast" className="flex items-center gap-2.5 font-semibold">
      <Logo />
      <span className={isShort ? 'sr-only sm:not-sr-only' : ''}>Holdfast</span>
    </a>
  )
}

function Places({
  className,
  link,
  places,
}: {
  readonly className: string
  readonly link: string
  readonly places: readonly Place[]
}) {
  const words = useWords()
  const obstacleOf = useObstacle()
  const { steps } = useLocation()
  const current = steps[0] ?? 'overview'
  return (
    <nav aria-label={words.places} className={className}>
      {places.map((place) => {
        const needs = PLACES[place]
        if (needs !== null && obstacleOf(needs) !== null) return null
        const isCurrent = current === place || (current === 'rates' && place === 'assets')
        const look = isCurrent ? 'bg-accent-soft text-accent' : 'text-muted hover:bg-sunken hover:text-ink'
        return (
          <a
            key={place}
            href={place === 'overview' ? '#/' : hrefOf([place])}
            aria-current={isCurrent ? 'page' : undefined}
            className={`flex items-center rounded-lg font-medium ${link} ${look}`}
          >
            <Icon name={place} />
            {words[place as 'accounts']}
          </a>
        )
      })}
    </nav>
  )
}

function Finder() {
  const words = useWords()
  const [text, setText] = useState('')
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (text.trim() !== '') go(hrefOf(['find'], { text: text.trim() }))
  }
  return (
    <form role="search" onSubmit={submit} className="relative min-w-0 flex-1 lg:max-w-md">
      <span className="pointer-events-none absolute inset-y-0 left-3 flex items-center text-muted">
        <Icon name="find" />
      </span>
      <input
        type="search"
        aria-label={words.find}
        placeholder={words.findHint}
        value={text}
        maxLength={140}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        className="min-h-10 w-full rounded-lg border border-line bg-canvas pr-3 pl-10 text-sm placeholder:text-muted"
      />
    </form>
  )
}

function LanguageButton() {
  const isChinese = usePreferences().language === 'zh'
  return (
    <button
      type="button"
      lang={isChinese ? 'en' : 'zh-CN'}
      onClick={() => setPreferences({ language: isChinese ? 'en' : 'zh' })}
      className="ml-auto min-h-10 rounded-lg px-3 text-sm font-medium text-muted hover:bg-sunken hover:text-ink"
    >
      {isChinese ? 'English' : '中文'}
    </button>
  )
}
