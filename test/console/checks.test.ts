/** The checks in a browser: the books of a real file, whole and damaged, and what doctor finds in it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { ServiceProcess } from '../../harness/service-process.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { ConsolePage, openBrowser } from '../support/console.ts'

let folder = ''
let browser: Browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-console-checks-'))
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

describe('an operator', () => {
  test('verifies the books and examines the database, and sees what is broken and what to do', async () => {
    const file = join(folder, 'books.db')
    await migrateLedger(`sqlite:${file}`)
    await using service = await ServiceProcess.start(`sqlite:${file}`)
    await using ledger = connect(service.url)
    await ledger.deposit({ account: 'user:8', amount: 1_000n })
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('checks')
    await page.getByRole('button', { name: 'Verify' }).click()
    await opened.waitForText('All laws hold')
    await page.getByRole('button', { name: 'Examine' }).click()
    await opened.waitForText('fine')
    await page.getByText('Migrations').waitFor({ state: 'attached' })
    await opened.assertAccessible('what was found in a ledger that is well')

    using database = new DatabaseSync(file)
    database.exec("UPDATE balances SET available = available + 1 WHERE account = 'user:8'")
    // What is found is still there when the operator comes back.
    await opened.show('settings')
    await page.getByRole('link', { name: 'Checks' }).first().click()
    await opened.waitForText('All laws hold')
    await page.getByRole('button', { name: 'Verify' }).click()
    await opened.waitForText('2 checks failed')
    await page.getByRole('heading', { name: /^3b/ }).waitFor()
    await opened.waitForText('user:8')
    await opened.assertAccessible('what was found in a ledger that is broken')
    assert.deepEqual(opened.complaints, [])
  })

  test('cancels either, and sees why one was refused', async () => {
    const store = `sqlite:${join(folder, 'cancelled.db')}`
    await migrateLedger(store)
    await using service = await ServiceProcess.start(store)
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('checks')
    // Neither is answered before it is cancelled.
    await page.route(/\/v1\/(?:verify|doctor)$/, () => undefined)
    for (const name of ['Verify', 'Examine']) {
      await page.getByRole('button', { name }).click()
      await page.getByRole('progressbar').waitFor()
      await opened.assertAccessible(`${name} under way`)
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name }).waitFor()
    }
    assert.equal(await page.getByText('Cancelled').count(), 2)
    await page.unroute(/\/v1\/(?:verify|doctor)$/)
    const detail = 'A verification is already in progress.'
    await page.route('**/v1/verify', (route) =>
      route.fulfill({ status: 503, json: { code: 'overloaded', status: 503, detail, retryable: true, applied: 'no' } }),
    )
    await page.getByRole('button', { name: 'Verify' }).click()
    await opened.waitForText(detail)
  })
})
