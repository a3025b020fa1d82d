/** Every view: what a browser and axe complain about, on a wide and on a narrow screen, in both languages and themes; and the files. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { ConsolePage, openBrowser } from '../support/console.ts'
import { HttpService } from '../support/http-service.ts'

const BUILT = resolve(import.meta.dirname, '../../console/dist')
const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const BYTES_MAX = 200_000

let browser: Browser
let service: HttpService

before(async () => {
  browser = await openBrowser()
  service = await HttpService.start()
  await service.call('PUT', '/v1/assets/gold', { decimals: 2, name: 'Gold' })
  await service.call('PUT', '/v1/rates/credit/gold', { numerator: '7', denominator: '3' })
  await service.post('/v1/deposits', { account: 'user:8', amount: '10000', memo: 'Invoice 17' })
  await service.post('/v1/deposits', { account: 'user:8', asset: 'gold', amount: '12345' })
  await service.post('/v1/deposits', { account: 'a/b?c#d%', amount: '5', requestId: 'odd' })
  const leg = { from: 'user:8', to: 'user:8', asset: 'credit', amount: '30', toAsset: 'gold' }
  await service.post('/v1/transfers', { requestId: 'exchange-1', legs: [leg] })
  await service.post('/v1/holds', {
    requestId: 'job-1',
    account: 'user:8',
    amount: '616',
    metadata: { model: 'llama-70b' },
  })
  await service.post('/v1/holds/job-1/settle', { amount: '100', final: false, memo: 'first part' })
  await service.post('/v1/holds', { requestId: 'job-2', account: 'user:8', amount: '6' })
})
after(async () => {
  await browser.close()
  await service[Symbol.asyncDispose]()
})

/** By address: a text that the view has when it is complete. */
const VIEWS: Readonly<Record<string, string>> = {
  '': 'Earned',
  accounts: 'user:8',
  'accounts?order=available-desc&prefix=user': '9,3',
  'accounts/user:8': 'Invoice 17',
  'accounts/user:8?asset=gold&kind=deposit': '123.45',
  'accounts/user:8?tab=holds': 'job-2',
  'accounts/a%2Fb%3Fc%23d%25': 'a/b?c#d%',
  'accounts/@issuer': '@issuer',
  holds: 'job-1',
  'holds?list=due': 'No hold is due',
  'holds?list=all&state=open': 'job-1',
  'holds/job-1': 'llama-70b',
  entries: 'Waiting for entries',
  'entries?from=beginning': 'Invoice 17',
  'entries/exchange-1': '7:3 (v1)',
  assets: 'Gold',
  'rates/credit/gold': '7:3',
  checks: 'Checks every law',
  'checks/reconcile': 'Compare a list with the ledger',
  'checks/reconcile?of=deposits&idColumn=payment': 'Column of request ids',
  'checks/import': 'Report of a dry run',
  keys: 'This ledger has no keys',
  settings: 'Times',
  'find?text=job-1': 'job-1',
  'find?text=nothing': 'Nothing has this name',
  'holds/none': 'There is no hold',
  'entries/none': 'entry',
  'no/such': 'There is no such view',
}

describe('every view', () => {
  test('is accessible, loads nothing from elsewhere, and shows its things', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    for (const [address, text] of Object.entries(VIEWS)) {
      await opened.page.goto(`${service.url}/#/${address}`)
      await opened.page.locator('main').getByText(text, { exact: false }).first().waitFor()
      await opened.assertAccessible(`#/${address}`)
    }
    assert.deepEqual(opened.complaints, [])
  })

  test('fits a phone, in Chinese and in the dark', async () => {
    const phone = { viewport: { width: 360, height: 740 }, locale: 'zh-CN', colorScheme: 'dark' } as const
    await using opened = await ConsolePage.open(browser, service.url, phone)
    for (const address of [
      '',
      'accounts',
      'accounts/user:8',
      'holds',
      'holds/job-1',
      'entries?from=beginning',
      'assets',
      'checks',
      'checks/reconcile',
      'checks/import',
      'settings',
    ]) {
      await opened.page.goto(`${service.url}/#/${address}`)
      await opened.page.locator('main h1').waitFor()
      await opened.page.waitForLoadState('networkidle')
      await opened.assertFits(`#/${address}`)
      await opened.assertAccessible(`#/${address}`)
    }
    await opened.waitForText('语言')
    assert.equal(await opened.page.evaluate<string>('document.documentElement.lang'), 'zh-CN')
    assert.deepEqual(opened.complaints, [])
  })

  test('is left and found again by its address, and keeps its filters there', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('accounts')
    await page.getByLabel('Name begins with').fill('user:')
    await page.waitForURL(({ hash }) => hash === '#/accounts?prefix=user:')
    await page.getByLabel('Sort by').selectOption('available')
    await page.waitForURL(({ hash }) => hash.includes('order=available'))
    // Until the answer is there, the rows of the list before are shown: its balances of other assets too.
    await page.getByRole('link', { name: 'user:8' }).first().click()
    await page.getByRole('heading', { name: 'user:8' }).waitFor()
    await page.goBack()
    assert.equal(await page.getByLabel('Name begins with').inputValue(), 'user:')
  })

  test('shows times in the zone of the viewer or in UTC, and follows the language at once', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('settings')
    await page.getByLabel('Times').selectOption('utc')
    await opened.show('holds/job-1')
    const at = String((await service.get('/v1/holds/job-1')).body['createdAt'])
    assert.ok((await page.locator('main').innerText()).includes(`${at.slice(11, 19)} UTC`))
    await page.getByRole('button', { name: '中文' }).click()
    await page.getByRole('button', { name: '结算' }).waitFor()
  })
})

describe('by keyboard', () => {
  test('the content is reached at once, a dialog holds the focus, and Escape gives it back', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('holds/job-1')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate<string>('document.activeElement.id'), 'content')
    await page.getByRole('button', { name: 'Release' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await opened.assertAccessible('a dialog')
    for (let press = 0; press < 12; press++) {
      await page.keyboard.press('Tab')
      const isOutside = await page.evaluate<boolean>(
        "document.activeElement.closest('main, aside') !== null && document.activeElement.closest('dialog') === null",
      )
      assert.equal(isOutside, false)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate<string>('document.activeElement.textContent'), 'release')
    assert.equal((await service.get('/v1/holds/job-1')).body['state'], 'open')
  })
})

describe('the files', () => {
  test('are small, and the page has no inline script or style and no address of another host', async () => {
    const names = (await readdir(resolve(BUILT, 'console'))).filter((name) => /\.(?:js|css)$/.test(name))
    const sizes = await Promise.all(
      names.map(async (name) => gzipSync(await readFile(resolve(BUILT, 'console', name))).length),
    )
    const sum = sizes.reduce((total, size) => total + size, 0)
    assert.ok(sum > 50_000 && sum < BYTES_MAX, `${sum} bytes with gzip`)
    const page = await readFile(resolve(BUILT, 'index.html'), 'utf8')
    assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?:/)
  })

  test('are answered compressed and for a year, the page never from a cache, by a policy without exceptions', async () => {
    const page = await service.call('GET', '/', undefined, { headers: PAGE })
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.doesNotMatch(page.headers.get('content-security-policy')!, /unsafe|https?:|\*|data:/)
    const [, script] = /src="\.(\/console\/[^"]+\.js)"/.exec(page.text)!
    for (const encoding of ['br', 'gzip']) {
      const { status, headers } = await fetch(service.url + script!, { headers: { 'accept-encoding': encoding } })
      assert.deepEqual([status, headers.get('content-encoding')], [200, encoding])
      assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
    }
    for (const path of ['/console/', '/console/none.js', '/console/../index.html', '/console/%2e%2e/index.html']) {
      assert.equal((await service.get(path)).body['code'], 'route_not_found', path)
    }
  })

  test('are not for programs, and not where no console was built', async () => {
    for (const accept of ['application/json', '*/*']) {
      const { status, body } = await service.call('GET', '/', undefined, { headers: { accept } })
      assert.deepEqual([status, body['code']], [404, 'route_not_found'])
    }
    await using plain = await HttpService.start({ http: { console: null } })
    const { text } = await plain.call('GET', '/', undefined, { headers: PAGE })
    assert.doesNotMatch(text, /<script/)
  })
})
