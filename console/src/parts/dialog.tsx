/**
 * A dialog of the browser itself: it holds the focus, ends with Escape, and hides the rest from screen readers. One of a library would
 * write a style sheet into the page, which the page's policy forbids.
 */
import { useEffect, useId, useRef, type ReactNode } from 'react'

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  /** Whether it stays open whatever the viewer does, as while something is sent. */
  readonly isHeld?: boolean
  readonly children: ReactNode
}

export function Dialog({ title, onClose, isHeld = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        if (!isHeld) onClose()
      }}
      className="m-auto max-h-[92dvh] w-[min(34rem,calc(100vw-1.5rem))] overflow-y-auto rounded-2xl border border-line bg-surface p-0 text-ink"
    >
      <div className="p-5 sm:p-6">
        <h2 id={id} className="text-lg font-semibold break-words">
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  )
}
