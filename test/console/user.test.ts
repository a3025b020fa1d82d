/** The page of a user, and the hooks that it is made of, in a browser against the real service. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { ServiceProcess } from '../../harness/service-process.ts'
import { connect, createToken } from '../../src/client/index.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { ConsolePage, openBrowser } from '../support/console.ts'

/** More lines than the hook reads at first. */
const LINES = 25

let folder = ''
let browser: Browser
let service: ServiceProcess
let key = ''

async function openPage(token: string): Promise<ConsolePage> {
  const phone = { viewport: { width: 360, height: 740 } }
  const opened = await ConsolePage.open(browser, service.url, phone)
  await opened.page.goto(`${service.url}/me#${token}`)
  return opened
}

describe('the page of a user', () => {
  before(async () => {
    // First, because a service reads the page when it starts.
    browser = await openBrowser()
    folder = await mkdtemp(join(tmpdir(), 'holdfast-user-'))
    const store = `sqlite:${join(folder, 'ledger.db')}`
    await migrateLedger(store)
    {
      await using ledger = await openLedger(store, { sweep: false })
      const scopes = ['accounts:read', 'statements:read', 'deposits:write', 'holds:write'] as const
      key = (await ledger.keys.create({ name: 'app', scopes })).secret
      for (let number = 1; number <= LINES; number++) {
        await ledger.deposit({ account: 'user:8', amount: 100n, memo: `Invoice ${number}` })
      }
      await ledger.deposit({ account: 'user:9', amount: 7_777n })
      await ledger.freeze({ account: 'user:8', amount: 600n, metadata: { model: 'llama-70b' } })
    }
    service = await ServiceProcess.start(store)
  })
  after(async () => {
    await browser.close()
    await service.stop()
    await rm(folder, { recursive: true })
  })

  test('shows the balance, what is set aside and why, and the statement, and follows them', async () => {
    await using opened = await openPage(await createToken(key, { account: 'user:8' }))
    const { page } = opened
    await opened.waitForText('1,900')
    await opened.waitForText('llama-70b')
    assert.equal(new URL(page.url()).hash, '', 'the token leaves the address')
    const lines = page.locator('section').last().locator('li')
    await lines.nth(19).waitFor()
    assert.equal(await lines.count(), 20)
    await page.getByRole('button', { name: 'Show more' }).click()
    await lines.nth(LINES).waitFor()
    assert.equal(await lines.count(), LINES + 1)

    await using app = connect(service.url, { key })
    await app.deposit({ account: 'user:8', amount: 1n, memo: 'Goodwill' })
    await opened.waitForText('1,901')
    await opened.waitForText('Goodwill')
    assert.equal(await lines.count(), LINES + 2, 'a new line comes before those that are known')
    await opened.assertAccessible('the page of a user')
    await opened.assertFits('the page of a user')
    await page.getByRole('button', { name: '中文' }).click()
    await opened.waitForText('您的余额')
    await page.reload()
    await opened.waitForText('1,901')
    assert.deepEqual(opened.complaints, [])
  })

  test('says so when its token has ended, and when there is none', async () => {
    await using opened = await openPage(await createToken(key, { account: 'user:9', expiresInMs: 6_000 }))
    await opened.waitForText('7,777')
    await opened.waitForText('This link has ended')
    assert.equal(await opened.page.getByText('7,777').count(), 0)
    await using other = await openPage('')
    await other.waitForText('This link has ended')
    await other.assertAccessible('a page without a token')
  })

  test('is not there for programs', async () => {
    const response = await fetch(`${service.url}/me`, { headers: { accept: 'application/json' } })
    assert.equal(((await response.json()) as { readonly code: string }).code, 'route_not_found')
  })
})
