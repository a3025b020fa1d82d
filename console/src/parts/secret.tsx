/** A secret that is shown once. It is not kept anywhere, so it goes with what shows it. */
import { useRef, useState } from 'react'
import { useWords } from '../words/words.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'

export function Secret({ secret }: { readonly secret: string }) {
  const words = useWords()
  const shown = useRef<HTMLElement>(null)
  const [state, setState] = useState<'shown' | 'copied' | 'selected'>('shown')
  const copy = async (): Promise<void> => {
    if (shown.current !== null) window.getSelection()?.selectAllChildren(shown.current)
    try {
      await navigator.clipboard.writeText(secret)
      setState('copied')
    } catch {
      // Browsers have a clipboard only for pages that came by TLS or from this machine. What is selected can be copied by hand.
      setState('selected')
    }
  }
  return (
    <Notice tone="good" title={words.newSecret}>
      <code ref={shown} className="block font-mono text-sm break-all select-all">
        {secret}
      </code>
      <Button className="mt-3" onClick={() => void copy()}>
        {state === 'copied' ? words.copied : words.copy}
      </Button>
      {state === 'selected' && <p className="mt-2">{words.copyByHand}</p>}
    </Notice>
  )
}
