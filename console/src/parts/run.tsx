/** A run of a check: what starts and cancels it, how far it is, and how it ended. */
import { useEffect, useState } from 'react'
import { ScopedButton } from '../caller.tsx'
import type { Progress } from '../checks.ts'
import { durationText } from '../figures.ts'
import { PLACES } from '../places.ts'
import { usePreferences } from '../preferences.ts'
import { useWords } from '../words/words.ts'
import { Button } from './button.tsx'
import { Notice, Problem } from './notice.tsx'

interface ControlProps {
  readonly run: Progress | null
  readonly name: string
  readonly job: { cancel(): void }
  readonly start: () => Promise<void>
}

export function Control({ run, name, job, start }: ControlProps) {
  const words = useWords()
  if (run?.state === 'running') return <Button onClick={() => job.cancel()}>{words.cancel}</Button>
  return (
    <ScopedButton needs={PLACES.checks} look="main" onClick={() => void start()}>
      {name}
    </ScopedButton>
  )
}

interface RunningProps {
  readonly run: Progress
  readonly label: string
  readonly text: string
  /** From 0 to 1; null if it is not known. */
  readonly part: number | null
}

export function Running({ run, label, text, part }: RunningProps) {
  const { language } = usePreferences()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div>
      <progress
        aria-label={label}
        max={1}
        {...(part === null ? {} : { value: part })}
        className="h-2 w-full overflow-hidden rounded-full"
      />
      <p className="mt-1.5 flex flex-wrap justify-between gap-x-4 text-sm">
        <span>{text}</span>
        <span className="figure text-muted">{durationText(Math.max(0, now - run.since), language)}</span>
      </p>
    </div>
  )
}

export function Ended({ run }: { readonly run: Progress }) {
  const words = useWords()
  const { language } = usePreferences()
  if (run.state === 'failed') return <Problem error={run.error} />
  if (run.state === 'cancelled') return <Notice tone="quiet" title={words.cancelled} />
  if (run.tookMs === null) return null
  return <p className="text-[0.8125rem] text-muted">{words.tookTime(durationText(run.tookMs, language))}</p>
}
