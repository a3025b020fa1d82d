/** Fields with their names; those of a filter write into the address of the view. */
import { useEffect, useId, useState, type ReactNode } from 'react'

const BOX = 'min-h-10 w-full rounded-lg border border-line bg-surface px-3 text-ink placeholder:text-muted'

interface FieldProps {
  readonly name: string
  readonly hint?: ReactNode
  readonly flaw?: string | null
  readonly children: (attributes: {
    readonly id: string
    readonly className: string
    readonly 'aria-describedby': string
    readonly 'aria-invalid': boolean
  }) => ReactNode
}

export function Field({ name, hint, flaw = null, children }: FieldProps) {
  const id = useId()
  const isWrong = flaw !== null
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-[0.8125rem] font-medium text-muted">
        {name}
      </label>
      {children({
        id,
        className: `${BOX} ${isWrong ? 'border-bad' : ''}`,
        'aria-describedby': `${id}-more`,
        'aria-invalid': isWrong,
      })}
      <p id={`${id}-more`} className={`mt-1 text-[0.8125rem] empty:hidden ${isWrong ? 'text-bad' : 'text-muted'}`}>
        {flaw ?? hint}
      </p>
    </div>
  )
}

interface TextFieldProps extends Omit<FieldProps, 'children'> {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly isDecimal?: boolean
  readonly isDisabled?: boolean
  readonly placeholder?: string
}

export function TextField({
  value,
  onChange,
  isDecimal = false,
  isDisabled = false,
  placeholder,
  ...field
}: TextFieldProps) {
  return (
    <Field {...field}>
      {(attributes) => (
        <input
          {...attributes}
          value={value}
          disabled={isDisabled}
          placeholder={placeholder}
          inputMode={isDecimal ? 'decimal' : 'text'}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

/** How long a viewer who types is waited for. */
const TYPING_MS = 350

/** Tells its value when the viewer has stopped typing. */
export function FilterText({
  name,
  value,
  onChange,
  isDecimal = false,
}: {
  readonly name: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly isDecimal?: boolean
}) {
  const [typed, setTyped] = useState(value)
  useEffect(() => {
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed === value) return undefined
    const timer = setTimeout(() => onChange(typed.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return <TextField name={name} value={typed} onChange={setTyped} isDecimal={isDecimal} />
}

interface FileFieldProps {
  readonly name: string
  readonly hint?: ReactNode
  /** The button that opens the dialog of the system. */
  readonly text: string
  readonly accept: string
  readonly file: { readonly name: string; readonly size: number } | null
  readonly onChange: (file: File) => void
}

/** A file of the viewer. The browser's own field would speak the language of the browser. */
export function FileField({ name, hint, text, accept, file, onChange }: FileFieldProps) {
  const id = useId()
  return (
    <div>
      <p id={id} className="mb-1 text-[0.8125rem] font-medium text-muted">
        {name}
      </p>
      <label className="flex min-h-10 cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border border-dashed border-muted bg-surface px-3 py-1.5 text-sm hover:bg-sunken has-focus-visible:outline-2 has-focus-visible:outline-accent">
        <input
          type="file"
          accept={accept}
          aria-labelledby={id}
          aria-describedby={`${id}-more`}
          className="sr-only"
          onChange={({ target }) => {
            const [chosen] = target.files ?? []
            // The same file can be chosen again after it was changed.
            target.value = ''
            if (chosen !== undefined) onChange(chosen)
          }}
        />
        <span className="font-medium text-accent">{text}</span>
        {file !== null && <span className="min-w-0 break-all">{file.name}</span>}
      </label>
      <p id={`${id}-more`} className="mt-1 text-[0.8125rem] text-muted empty:hidden">
        {hint}
      </p>
    </div>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly value: string
  readonly choices: readonly (readonly [value: string, text: string])[]
  readonly onChange: (value: string) => void
}

export function Choice({ name, value, choices, onChange }: ChoiceProps) {
  return (
    <Field name={name}>
      {(attributes) => (
        <select {...attributes} value={value} onChange={(event) => onChange(event.target.value)}>
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** The filters of a list, in a row where there is room. */
export function Filters({ children }: { readonly children: ReactNode }) {
  return <div className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-4">{children}</div>
}

/** Views of one thing, each with an address. */
export function Tabs({
  label,
  tabs,
}: {
  readonly label: string
  readonly tabs: readonly { readonly text: string; readonly href: string; readonly isCurrent: boolean }[]
}) {
  return (
    <nav aria-label={label} className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
      {tabs.map(({ text, href, isCurrent }) => (
        <a
          key={href}
          href={href}
          aria-current={isCurrent ? 'page' : undefined}
          className={`-mb-px border-b-2 px-3 py-2 text-sm font-medium whitespace-nowrap ${isCurrent ? 'border-accent text-ink' : 'border-transparent text-muted hover:text-ink'}`}
        >
          {text}
        </a>
      ))}
    </nav>
  )
}
