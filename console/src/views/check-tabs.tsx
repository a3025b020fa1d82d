/** The head of the checks: each of them has a view of its own. */
import { hrefOf } from '../location.ts'
import { PageHead } from '../parts/card.tsx'
import { Tabs } from '../parts/field.tsx'
import { useWords } from '../words/words.ts'

/** @param current null: the books and the database */
export function CheckTabs({ current }: { readonly current: 'reconcile' | 'import' | null }) {
  const words = useWords()
  return (
    <>
      <PageHead title={words.checks} />
      <Tabs
        label={words.checks}
        tabs={[
          { text: words.booksTab, href: hrefOf(['checks']), isCurrent: current === null },
          { text: words.reconcileTab, href: hrefOf(['checks', 'reconcile']), isCurrent: current === 'reconcile' },
          { text: words.importTab, href: hrefOf(['checks', 'import']), isCurrent: current === 'import' },
        ]}
      />
    </>
  )
}
