/**
 * Draws the pictures of the console, and of a chat that charges for its answers, for the documents: `npm run -s console:screenshots`. A service with an empty file gets users, calls
 * and refusals, and Debian's Chromium shows it. Those of README.md are drawn in Chinese too, for README.zh.md.
 */
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startChild } from '../harness/children.ts'
import { openChromium } from '../harness/chromium.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { connect, createToken } from '../src/client/index.ts'
import { openLedger } from '../src/ledger.ts'
import { buildConsole } from './console.ts'

type Ledger = ReturnType<typeof connect>

const ROOT = resolve(import.meta.dirname, '..')
const TARGET = resolve(ROOT, 'docs/images')
const USERS = 40
/** How long calls come before the overview is drawn. */
const LIVE_MS = 24_000
const WIDE: BrowserContextOptions = {
  viewport: { width: 1280, height: 800 },
  locale: 'en-GB',
  timezoneId: 'Asia/Shanghai',
}
const CHINESE: BrowserContextOptions = { ...WIDE, locale: 'zh-CN' }
const PHONE: BrowserContextOptions = {
  ...WIDE,
  viewport: { width: 390, height: 844 },
  locale: 'zh-CN',
  colorScheme: 'dark',
}

type Questions = readonly [first: string, second: string]

const QUESTIONS: Questions = [
  'What does a hold do while you answer?',
  'And if I stop you in the middle of a sentence, what do I pay?',
]
const CHINESE_QUESTIONS: Questions = ['你回答的时候，冻结单起什么作用？', '如果我在你说到一半时点停止，我要付多少？']

buildConsole()
mkdirSync(TARGET, { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'holdfast-screenshots-'))
try {
  const store = `sqlite:${join(folder, 'ledger.db')}`
  await using service = await ServiceProcess.start(store)
  await using ledger = connect(service.url)
  await fill(ledger)
  const browser = await openChromium()
  await draw(browser, service.url, ledger)
  await drawChat(browser, service.url)
  await drawUserPage(browser, service.url, store)
  await browser.close()
} finally {
  rmSync(folder, { recursive: true })
}

async function fill(ledger: Ledger): Promise<void> {
  await ledger.declare({ asset: 'gold', decimals: 2, name: 'Gold' })
  for (let user = 1; user <= USERS; user++) {
    const amount = BigInt(2_000 + ((user * 7_919) % 90_000))
    await ledger.deposit({ account: `user:${user}`, amount, memo: `Invoice 2030-${100 + user}` })
  }
  await ledger.deposit({ account: 'user:8', asset: 'gold', amount: 12_345n, memo: 'Birthday' })
  await ledger.block({ account: 'user:31', memo: 'Chargeback' })
  await ledger.freeze({
    requestId: 'job-616',
    account: 'user:8',
    amount: 61_600n,
    expiresInMs: 600_000,
    metadata: { model: 'llama-70b', session: 'a41c' },
  })
  await ledger.settle('job-616', { requestId: 'job-616:1', amount: 4_200n, final: false, memo: 'first answer' })
}

/** Calls of all users, some of which cannot be paid. */
async function call(ledger: Ledger, until: number): Promise<void> {
  for (let number = 1; Date.now() < until; number++) {
    // Waves, so that the lines of the charts are no straight ones.
    const size = 3 + Math.round(8 * (1 + Math.sin(number / 9)))
    await Promise.all(Array.from({ length: size }, (_, index) => oneCall(ledger, number * 50 + index)))
    await sleep(60)
  }
}

async function oneCall(ledger: Ledger, number: number): Promise<void> {
  const amount = BigInt(20 + ((number * 31) % 180))
  try {
    const { id } = await ledger.freeze({
      account: `user:${1 + ((number * 13) % (USERS + 2))}`,
      amount,
      metadata: { model: 'llama-70b' },
    })
    if (number % 40 !== 0) await ledger.settle(id, { amount: (amount * 3n) / 4n })
  } catch {
    // A refusal, which the overview counts.
  }
}

async function draw(browser: Browser, url: string, ledger: Ledger): Promise<void> {
  const overview = async (page: Page): Promise<void> => {
    await page.goto(`${url}/#/`)
    await call(ledger, Date.now() + LIVE_MS)
  }
  await shot(browser, 'console-overview', WIDE, overview)
  await shot(browser, 'console-overview.zh', CHINESE, overview)
  await shot(browser, 'console-account', WIDE, async (page) => {
    await page.goto(`${url}/#/accounts/user:8`)
    await page.getByLabel('Amount (credit)').fill('300')
    await page.getByRole('table').waitFor()
  })
  await shot(browser, 'console-settle', WIDE, async (page) => {
    await page.goto(`${url}/#/holds/job-616`)
    await page.getByRole('button', { name: 'Settle' }).click()
    await page.getByRole('dialog').getByLabel('Amount (credit)').fill('12000')
    await page.getByRole('dialog').getByLabel('Reason').fill('The answer arrived, the bill did not')
  })
  await shot(browser, 'console-phone', PHONE, async (page) => {
    await page.goto(`${url}/#/holds/job-616`)
    await page.locator('ol li').nth(1).waitFor()
  })
}

/** The chat of examples/, with a model that needs no provider: an answer that was read to its end, and one that was stopped. */
async function drawChat(browser: Browser, url: string): Promise<void> {
  const chat = startChild(process.execPath, ['examples/chat/server.ts'], {
    cwd: ROOT,
    env: { ...process.env, HOLDFAST_URL: url, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(chat.stdout.setEncoding('utf8'), 'data')) as [string]
  const chatting = async (page: Page, [first, second]: Questions): Promise<void> => {
    await page.goto(line.trim())
    const ask = async (question: string): Promise<void> => {
      await page.locator('#question').fill(question)
      await page.locator('#send').click()
      await page.locator('#stop').waitFor()
    }
    await ask(first)
    await page.locator('#stop').waitFor({ state: 'hidden' })
    await ask(second)
    await page
      .locator('#messages')
      .getByText(`You said: ${second.slice(0, 6)}`)
      .waitFor()
    await page.locator('#stop').click()
    await page.locator('#stop').waitFor({ state: 'hidden' })
    await sleep(500)
  }
  const size = { viewport: { width: 860, height: 460 } }
  await shot(browser, 'ai-chat', { ...WIDE, ...size }, async (page) => await chatting(page, QUESTIONS))
  await shot(browser, 'ai-chat.zh', { ...CHINESE, ...size }, async (page) => await chatting(page, CHINESE_QUESTIONS))
  const end = once(chat, 'exit')
  chat.kill('SIGTERM')
  await end
}

/** The last one: from now on the service answers only to keys. */
async function drawUserPage(browser: Browser, url: string, store: string): Promise<void> {
  await using ledger = await openLedger(store, { sweep: false })
  const { secret } = await ledger.keys.create({ name: 'pages', scopes: ['accounts:read', 'statements:read'] })
  const token = await createToken(secret, { account: 'user:8' })
  await shot(browser, 'user-page', { ...PHONE, colorScheme: 'light', locale: 'en-GB' }, async (page) => {
    await page.goto(`${url}/me#${token}`)
    await page.getByRole('heading', { name: 'Set aside' }).waitFor()
    await page.locator('section').last().locator('li').nth(5).waitFor()
  })
}

async function shot(
  browser: Browser,
  name: string,
  options: BrowserContextOptions,
  prepare: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await prepare(page)
  const path = join(TARGET, `${name}.png`)
  await page.screenshot({ path, caret: 'hide', animations: 'disabled' })
  process.stdout.write(`${path}\n`)
  await context.close()
}
