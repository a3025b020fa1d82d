/** Dry runs in a browser: a list that is compared with a real ledger, and the report of an import that the command line made. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { runHoldfast } from '../../harness/service-process.ts'
import { ConsolePage, openBrowser } from '../support/console.ts'
import { HttpService, NOTICES_KEYS } from '../support/http-service.ts'

const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, locale: 'zh-CN', colorScheme: 'dark' }
const UNTIL = '2999-01-01T00:00:00Z'

let folder = ''
let browser: Browser
let service: HttpService

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-console-dry-runs-'))
  browser = await openBrowser()
  service = await HttpService.start()
  await service.call('PUT', '/v1/assets/gold', { decimals: 2, name: 'Gold' })
  await service.post('/v1/deposits', { requestId: 'paid-1', account: 'user:8', asset: 'gold', amount: '123450' })
  for (const requestId of ['job-1', 'job-2', 'job-3', 'job-4']) {
    await service.post('/v1/holds', { requestId, account: 'user:8', asset: 'gold', amount: '10050' })
  }
})
after(async () => {
  await browser.close()
  await service[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const LIST = [
  'request_id,amount,status',
  'job-1,7025,done',
  'job-2,99999,done',
  'job-3,,pending',
  'job 9,5,done',
  'lost-1,500,done',
]

describe('an operator', () => {
  test('compares a list with the ledger, follows a difference to its hold, and takes the differences along', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    const rows = LIST.filter((row) => !row.includes(' '))
    const list = await fileOf('calls.csv', `${rows.join('\n')}\n#end,4,${UNTIL}\n`)
    await opened.show('checks/reconcile')
    await page.getByRole('button', { name: 'Compare' }).click()
    await opened.waitForText('Choose the list first.')
    await page.getByLabel('The list').setInputFiles(list)
    await page.getByRole('button', { name: 'Compare' }).click()
    await opened.waitForText('4 differences')
    const differences = page.getByRole('table', { name: 'Differences', exact: true })
    assert.deepEqual(await differences.locator('tbody tr td:first-child').allInnerTexts(), [
      'unfinished',
      'unfinished',
      'missing',
      'extra',
    ])
    // In the decimal places of the asset.
    await differences.getByText('70.25').waitFor()
    await differences.getByText('Would be mended by: settle').filter({ visible: true }).waitFor()
    await opened.assertAccessible('the differences')
    await page.getByLabel('Kind', { exact: true }).selectOption('extra')
    assert.equal(await differences.locator('tbody tr').count(), 1)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ])
    assert.equal(file.suggestedFilename(), 'differences-calls.csv')
    assert.match(await readFile(await file.path(), 'utf8'), /^found,request_id,.*\r\nextra,job-4,,gold,,10050,/)
    await differences.getByRole('link', { name: 'job-4' }).click()
    await page.getByRole('heading', { name: 'job-4' }).waitFor()
    // What was found is still there when the operator comes back.
    await page.goBack()
    await opened.waitForText('4 differences')
    assert.deepEqual(opened.complaints, [])
  })

  test('sees which rows cannot be read, why a list is refused, and how it is read in the address', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('checks/reconcile?of=deposits&idColumn=payment')
    assert.equal(await page.getByLabel('Its rows are').inputValue(), 'deposits')
    await page.getByLabel('The list').setInputFiles(await fileOf('payments.csv', 'id,amount\npaid-1,5\n'))
    await page.getByRole('button', { name: 'Compare' }).click()
    await opened.waitForText('Line 1')
    await page.getByLabel('Column of request ids').fill('id')
    await page.getByRole('button', { name: 'Compare' }).click()
    await opened.waitForText('1 difference')
    await page.waitForURL(({ hash }) => hash === '#/checks/reconcile?of=deposits&idColumn=id')
    await page.getByRole('link', { name: 'paid-1' }).click()
    await page.getByRole('heading', { name: 'paid-1' }).waitFor()
    await opened.show('checks/reconcile')
    await page.getByLabel('The list').setInputFiles(await fileOf('broken.csv', `${LIST.join('\n')}\n`))
    await page.getByLabel('Made at').fill(UNTIL)
    await page.getByRole('button', { name: 'Compare' }).click()
    await opened.waitForText('so nothing was compared')
    await page.getByRole('table', { name: 'Rows that cannot be read' }).getByText('"job 9"').waitFor()
    await opened.waitForText('Nothing shows that the list is complete')
    await opened.assertAccessible('rows that cannot be read')
    assert.deepEqual(opened.complaints, [])
  })

  test('cancels a comparison, and is offered none by a key that may not', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('checks/reconcile')
    await page.route('**/v1/reconcile?*', () => undefined)
    await page.getByLabel('The list').setInputFiles(await fileOf('calls.csv', LIST.join('\n')))
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('progressbar').waitFor()
    await opened.assertAccessible('a comparison under way')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await opened.waitForText('Cancelled')
    await using keyed = await HttpService.start({ http: NOTICES_KEYS })
    const { authorization } = await keyed.keyed({ name: 'helpdesk', scopes: ['accounts:read'] })
    await using refused = await ConsolePage.open(browser, keyed.url)
    await refused.page.addInitScript(
      `sessionStorage.setItem('holdfast.key', ${JSON.stringify(authorization.replace('Bearer ', ''))})`,
    )
    await refused.show('checks/reconcile')
    await refused.waitForText('lacks the scope checks:read')
    assert.equal(await refused.page.getByRole('button', { name: 'Compare' }).count(), 0)
  })

  test('compares on a phone, in Chinese and in the dark', async () => {
    await using opened = await ConsolePage.open(browser, service.url, PHONE)
    const { page } = opened
    const list = await fileOf('phone.csv', LIST.filter((row) => !row.includes(' ')).join('\n'))
    await opened.show('checks/reconcile')
    await page.getByLabel('清单', { exact: true }).setInputFiles(list)
    await page.getByLabel('生成时间').fill(UNTIL)
    await page.getByRole('button', { name: '开始对账' }).click()
    await opened.waitForText('4 处差异')
    await opened.assertFits('the differences')
    await opened.assertAccessible('the differences in Chinese')
  })
})

describe('the report of an import', () => {
  test('of a dry run shows who would be imported, and which rows stand in the way', async () => {
    const old = join(folder, 'old.db')
    using database = new DatabaseSync(old)
    database.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, balance INTEGER, frozen_balance INTEGER);
      CREATE TABLE compute_freeze_logs (id INTEGER PRIMARY KEY, request_id TEXT, user_id INTEGER, amount INTEGER, status TEXT);
      INSERT INTO users VALUES (8, 1000, 100), (9, -5, 0), (10, 20, 0);
      INSERT INTO compute_freeze_logs VALUES (1, 'call-1', 8, 100, 'frozen')`)
    const { stdout, stderr } = await runHoldfast(
      ['import', `sqlite:${old}`, '--store', `sqlite:${join(folder, 'new.db')}`, '--dry-run', '--json'],
      {},
    )
    assert.match(stdout, /"type":"summary"/, stderr)
    const report = await fileOf('import.ndjson', stdout)
    for (const options of [{}, PHONE]) {
      await using opened = await ConsolePage.open(browser, service.url, options)
      const { page } = opened
      const isChinese = options === PHONE
      await opened.show('checks/import')
      await page.getByLabel(isChinese ? '报告' : 'The report', { exact: true }).setInputFiles(report)
      await opened.waitForText(isChinese ? '部分用户不会被导入' : 'Some users would not be imported')
      await page
        .getByRole('table', { name: isChinese ? '无效的行' : 'Invalid rows' })
        .getByText('-5')
        .waitFor()
      const planned = page.getByRole('table', { name: isChinese ? '将执行的操作' : 'What would be done' })
      assert.deepEqual(await planned.getByRole('link').allInnerTexts(), ['user:8', 'user:10'])
      await opened.assertFits('the report')
      await opened.assertAccessible('the report of an import')
      assert.deepEqual(opened.complaints, [])
    }
  })

  test('that is cut or no report is said to be that', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('checks/import')
    await page.getByLabel('The report').setInputFiles(await fileOf('cut.ndjson', '{"type":"begin","usersCount":3}\n'))
    await opened.waitForText('The report has no end')
    await page.getByLabel('The report').setInputFiles(await fileOf('list.csv', 'id,amount\n'))
    await opened.waitForText('see line 1')
    await opened.assertAccessible('no report')
  })
})
