/**
 * Exports: files that are generated while they are downloaded.
 *
 * A page is read when the connection has room for it, so a slow caller slows the reads down and a disconnect ends them. The number of
 * exports, the time per page and the total time are limited (law 8). A complete file ends with its end row; a truncated file has none.
 */
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { LedgerError } from '../api/error.ts'
import type { PostingsFilter, StatementFormat } from '../api/queries.ts'
import { statementEnd, statementHead, statementText, statementUntil, type StatementForm } from '../api/statement.ts'
import type { Asset } from '../domain/asset.ts'
import type { AssetCode, Instant } from '../domain/ids.ts'
import type { StatementLine } from '../domain/journal.ts'
import { FIRST_PAGE, type Page, type PageQuery, type Reader } from '../engine/reader.ts'
import type { HttpLimits } from './limits.ts'

export class Exports {
  readonly #reader: Reader
  readonly #limits: HttpLimits
  #underWay = 0

  constructor(reader: Reader, limits: HttpLimits) {
    this.#reader = reader
    this.#limits = limits
  }

  /**
   * Reads the first page, so that an error can still be answered with a problem.
   *
   * @throws LedgerError `overloaded`; Fault `store_unavailable`
   */
  async open(format: StatementFormat, query: PostingsFilter): Promise<Readable> {
    const { exportsMax, exportMsMax } = this.#limits
    if (this.#underWay >= exportsMax) {
      throw new LedgerError('overloaded', `${exportsMax} exports are already in progress.`)
    }
    this.#underWay += 1
    try {
      const reader = this.#reader
      const decimals = format === 'csv' ? await decimalsOf(reader, query.asset) : 0
      const at = statementUntil(query.until)
      const first = await reader.postings(query)
      const patience = new Patience(this.#limits.exportPageMsMax)
      const file = Readable.from(pagesOf(reader, query, { form: { format, decimals }, first, patience, at }), {
        highWaterMark: 1,
      })
      const cut = (reason: string): unknown => file.destroy(new Error(`The export was aborted: ${reason}.`))
      patience.start(() => cut('the caller took too long for a page'))
      const whole = setTimeout(() => cut('it took too long'), exportMsMax)
      file.once('close', () => {
        patience.end()
        clearTimeout(whole)
        this.#underWay -= 1
      })
      return file
    } catch (error) {
      this.#underWay -= 1
      throw error
    }
  }
}

interface Pages {
  readonly form: StatementForm
  readonly first: Page<StatementLine>
  readonly patience: Patience
  /** Up to when the file has every line. */
  readonly at: Instant
}

async function* pagesOf(reader: Reader, query: PostingsFilter, { form, first, patience, at }: Pages) {
  let rowsCount = first.items.length
  yield statementHead(form.format) + statementText(form, first.items)
  for (let { next: cursor } = first; cursor !== null;) {
    patience.renew()
    // All other pending work runs before the next page.
    await nextTurn()
    const page = await reader.postings({ ...query, cursor })
    rowsCount += page.items.length
    if (page.items.length > 0) yield statementText(form, page.items)
    cursor = page.next
  }
  yield statementEnd(form.format, { rowsCount, at })
}

/** The decimal places of an asset; 0 for one that was not declared, which has no lines. */
async function decimalsOf(reader: Reader, code: AssetCode): Promise<number> {
  for (let page: PageQuery | null = FIRST_PAGE; page !== null;) {
    const { items, next }: Page<Asset> = await reader.assets(page)
    const found = items.find((asset) => asset.code === code)
    if (found !== undefined) return found.decimals
    page = next === null ? null : { ...FIRST_PAGE, cursor: next }
  }
  return 0
}

/** The time limit for the caller to take a page. */
class Patience {
  readonly #ms: number
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  start(onEnd: () => void): void {
    this.#timer = setTimeout(onEnd, this.#ms)
  }

  renew(): void {
    this.#timer?.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
