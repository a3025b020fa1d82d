/**
 * What the caller may do, so that the console does not offer what the service would refuse. The service decides all the same; while it has
 * not said who the caller is, everything is offered.
 */
import type { ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { Scope } from '../../src/access/scope.ts'
import type { CallerWire } from '../../src/api/caller.ts'
import { read } from './call.ts'
import { Button, type ButtonProps } from './parts/button.tsx'
import { Notice } from './parts/notice.tsx'
import { useWords } from './words/words.ts'

/** A key never changes what it may do, but it ends. */
const CALLER_MS = 60_000

/** What something needs: one of these scopes, and whether it is about everybody, which a confined key may not read. */
export interface Needs {
  readonly scopes: readonly Scope[]
  readonly isAboutAll?: boolean
}

export function useCaller(): CallerWire | null {
  const { data } = useQuery({
    queryKey: ['whoami'],
    queryFn: () => read<CallerWire>(['v1', 'whoami']),
    staleTime: CALLER_MS,
    refetchInterval: CALLER_MS,
  })
  return data ?? null
}

/** Why the caller may not do something, as a sentence; null if it may, or that is not known. */
export function useObstacle(): (needs: Needs) => string | null {
  const words = useWords()
  const caller = useCaller()
  return ({ scopes, isAboutAll = false }) => {
    if (caller === null || !caller.hasKeys) return null
    const key = caller.key ?? ''
    if (isMissing(caller, scopes)) return words.lacksScopes(key, [scopes.join(' / ')])
    const isConfined = caller.account !== null || caller.accounts !== null || caller.assets !== null
    return isAboutAll && isConfined ? words.isConfined(key) : null
  }
}

function isMissing(caller: CallerWire, scopes: readonly Scope[]): boolean {
  return caller.hasKeys && !scopes.some((scope) => caller.scopes.includes(scope))
}

/** A button for what needs a scope: the reason why it cannot be pressed is its title, and is read out. */
export function ScopedButton({ needs, ...button }: ButtonProps & { readonly needs: Needs }) {
  const obstacle = useObstacle()(needs)
  if (obstacle === null) return <Button {...button} />
  return <Button {...button} disabled title={obstacle} />
}

/** Says which of the actions of a view the caller may not do; on a phone no title can be seen. */
export function Obstacles({ of }: { readonly of: readonly Needs[] }) {
  const words = useWords()
  const caller = useCaller()
  if (caller === null) return null
  const missing = of.filter(({ scopes }) => isMissing(caller, scopes)).map(({ scopes }) => scopes.join(' / '))
  if (missing.length === 0) return null
  return (
    <p className="-mt-2 mb-4 text-[0.8125rem] text-muted">
      {words.lacksScopes(caller.key ?? '', [...new Set(missing)])}
    </p>
  )
}

/** What it contains, or why the caller may not see it. */
export function Allowed({ needs, children }: { readonly needs: Needs; readonly children: ReactNode }) {
  const words = useWords()
  const obstacle = useObstacle()(needs)
  if (obstacle === null) return children
  return (
    <Notice tone="quiet" title={words.notAllowed}>
      {obstacle}
    </Notice>
  )
}
