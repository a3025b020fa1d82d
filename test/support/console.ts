/** The console in a browser, against a real service. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { runChild } from '../../harness/children.ts'
import { openChromium } from '../../harness/chromium.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** A browser; the console is built from the sources as they are now. */
export async function openBrowser(): Promise<Browser> {
  const { exitCode, stdout, stderr } = await runChild(process.execPath, ['tools/console.ts', '--if-needed'], {
    cwd: ROOT,
  })
  assert.equal(exitCode, 0, stdout + stderr)
  return await openChromium()
}

/** Limit for one step in the browser. It only ends a hang. */
const STEP_MS_MAX = 60_000

/** A page of the console, with what a browser complains about. */
export class ConsolePage implements AsyncDisposable {
  readonly page: Page
  /** Errors of scripts, violations of the page's policy, and requests to other hosts. */
  readonly complaints: string[] = []
  readonly #url: string

  private constructor(page: Page, url: string) {
    this.page = page
    this.#url = url
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ConsolePage> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 860 },
      locale: 'en-GB',
      timezoneId: 'Asia/Tokyo',
      ...options,
    })
    context.setDefaultTimeout(STEP_MS_MAX)
    const page = await context.newPage()
    const opened = new ConsolePage(page, url)
    page.on('pageerror', ({ message }) => opened.complaints.push(message))
    page.on('console', (message) => {
      // Refusals of the service are shown by the page itself.
      if (message.type() === 'error' && !message.text().includes('the server responded with a status')) {
        opened.complaints.push(message.text())
      }
    })
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) opened.complaints.push(`a request to ${request.url()}`)
    })
    return opened
  }

  /** @param address what follows `#/` */
  async show(address: string): Promise<void> {
    await this.page.goto(`${this.#url}/#/${address}`)
    await this.page.locator('main h1').waitFor()
  }

  /** The text of the view, as it is when it has one of the expected texts. */
  async waitForText(text: string): Promise<void> {
    await this.page.getByText(text, { exact: false }).first().waitFor()
  }

  /** @throws AssertionError if axe finds anything */
  async assertAccessible(where: string): Promise<void> {
    await this.page.evaluate(AXE)
    const found = await this.page.evaluate(RUN_AXE)
    assert.deepEqual(found, [], where)
  }

  /** @throws AssertionError if the view is wider than the window */
  async assertFits(where: string): Promise<void> {
    const [width, window] = await this.page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    )
    assert.ok(width <= window, `${where} is ${width} wide, the window ${window}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}

/** Evaluated as the browser's tools do, so the page's policy does not concern it. */
const AXE = axe.source
const RUN_AXE = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`
