/** Line drawings of 20 by 20, in the colour of the text next to them. */
const PATHS = {
  overview: 'M3 16V9M8.5 16V4M14 16v-6M3 18.5h14',
  accounts: 'M10 9.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM3.5 17c.6-3.300 3.200-5 6.500-5s5.900 1.700 6.500 5',
  holds: 'M5 9V6.500a5 5 0 0 1 10 0V9M4 9h12v8H4zM10 12v2',
  entries: 'M4 4h12M4 8h12M4 12h8M4 16h8',
  assets:
    'M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15ZM10 6v8M7.500 8.500h3.700a1.600 1.600 0 0 1 0 3.200H7.500',
  checks: 'M10 2.500 16.500 5v4.500c0 4-2.700 6.800-6.500 8-3.800-1.200-6.500-4-6.500-8V5zM7 10l2.200 2.200L13.200 8',
  keys: 'M7 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM10.500 10H18M15 10v3',
  settings: 'M3 6h9M16 6h1M3 14h1M8 14h9M14 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  find: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.500 13.500 17.500 17.500',
  arrow: 'M7 4l6 6-6 6',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" fill="none" aria-hidden="true" className="shrink-0">
      <path d={PATHS[name]} stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

/** The mark of Holdfast: a clamp that holds a coin. */
export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" className="shrink-0">
      <rect width="32" height="32" rx="7" fill="#0f766e" />
      <path d="M9 6v20M23 6v20" stroke="#fff" strokeWidth="4" strokeLinecap="round" />
      <circle cx="16" cy="16" r="5" fill="#fbbf24" />
    </svg>
  )
}
