import type { ButtonHTMLAttributes } from 'react'

const LOOKS = {
  main: 'border-transparent bg-accent text-on-accent hover:opacity-90',
  plain: 'border-line bg-surface text-ink hover:bg-sunken',
  danger: 'border-transparent bg-bad text-on-bad hover:opacity-90',
} as const

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: keyof typeof LOOKS
}

export function Button({ look = 'plain', type = 'button', className = '', ...rest }: ButtonProps) {
  const shape =
    'min-h-10 rounded-lg border px-3.5 py-1.5 text-sm font-medium first-letter:uppercase transition-colors disabled:opacity-50'
  return <button type={type} className={`${shape} ${LOOKS[look]} ${className}`} {...rest} />
}
