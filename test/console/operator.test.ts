/** What an operator does with the console, in a browser, against the real service on SQLite and MariaDB. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { MysqlDatabase } from '../../harness/mysql-servers.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { serverUnderTest } from '../../harness/stores.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { ConsolePage, openBrowser } from '../support/console.ts'

let folder = ''
let browser: Browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-console-'))
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

interface Given {
  readonly service: ServiceProcess
  readonly ledger: ReturnType<typeof connect>
}

/** A user with coins of two assets, of which one call holds most. */
async function given(service: ServiceProcess): Promise<Given> {
  const ledger = connect(service.url)
  await ledger.declare({ asset: 'gold', decimals: 2, name: 'Gold' })
  await ledger.deposit({ account: 'user:8', amount: 1_000n, memo: 'Invoice 17' })
  await ledger.deposit({ account: 'user:8', asset: 'gold', amount: 12_345n })
  await ledger.deposit({ account: 'user:9', amount: 5n })
  await ledger.freeze({ requestId: 'job-1', account: 'user:8', amount: 900n, metadata: { model: 'llama-70b' } })
  return { service, ledger }
}

/** From the complaint to the goodwill, as the guide has it. */
async function refusedCall({ service, ledger }: Given): Promise<void> {
  await using opened = await ConsolePage.open(browser, service.url)
  const { page } = opened
  await opened.show('')
  await page.getByRole('searchbox').fill('user:8')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'user:8' }).click()
  await page.getByLabel('Amount (credit)').fill('300')
  await opened.waitForText('No: 200 is missing.')
  await opened.waitForText('900 is held by open holds')

  await page.getByRole('button', { name: 'Deposit' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount (credit)').fill('250')
  await dialog.getByRole('button', { name: 'Deposit 250 credit' }).click()
  await opened.waitForText('Say why.')
  assert.equal((await ledger.balance('user:8')).available, 100n, 'nothing is sent without a reason')
  await dialog.getByLabel('Reason').fill('goodwill for the outage')
  assert.equal(await dialog.locator('tbody tr').innerText(), 'user:8, available\t100\t350')
  await dialog.getByRole('button', { name: 'Deposit 250 credit' }).click()
  await dialog.getByRole('link', { name: 'Show the entry' }).click()
  await opened.waitForText('goodwill for the outage')
  assert.equal((await ledger.balance('user:8')).available, 350n)
  const [line] = (await ledger.postings('user:8')).items
  assert.deepEqual([line?.kind, line?.memo], ['deposit', 'goodwill for the outage'])
  assert.deepEqual(opened.complaints, [])
}

/** The answer is lost after the command was applied: sending it again has no second effect. */
async function lostAnswer({ service, ledger }: Given): Promise<void> {
  await using opened = await ConsolePage.open(browser, service.url)
  const { page } = opened
  await opened.show('accounts/user:8?asset=gold')
  const before = (await ledger.balance('user:8', 'gold')).available
  await page.getByRole('button', { name: 'Correction' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount (gold)').fill('1.5')
  await dialog.getByLabel('Reason').fill('paid twice')
  await page.route('**/v1/charges', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await dialog.getByRole('button', { name: 'Take back 1.50 gold' }).click()
  await opened.waitForText('It is not known whether this was done')
  assert.equal(await dialog.getByLabel('Reason').isDisabled(), true, 'what is in doubt cannot be changed')
  await page.unroute('**/v1/charges')
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await opened.waitForText('Nothing was done twice.')
  assert.equal((await ledger.balance('user:8', 'gold')).available, before - 150n)
}

/** What was previewed is what happens, or nothing does. */
async function endedHold({ service, ledger }: Given): Promise<void> {
  await using opened = await ConsolePage.open(browser, service.url)
  const { page } = opened
  await opened.show('holds/job-1')
  await page.getByRole('button', { name: 'Settle' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount (credit)').fill('600')
  await dialog.getByLabel('Reason').fill('delivered, the process died')
  const rows = dialog.locator('tbody tr')
  assert.deepEqual(await rows.allInnerTexts(), [
    'Held\t900\t0',
    'Settled → @revenue\t0\t600',
    'Released → user:8\t0\t300',
  ])
  // The view would show the change within seconds; the click comes before.
  await page.route('**/v1/holds/job-1', (route) => route.abort())
  await ledger.amend('job-1', { by: 100n })
  await dialog.getByRole('button', { name: 'Settle 600 credit' }).click()
  await opened.waitForText('It has changed since you opened this.')
  assert.equal((await ledger.hold('job-1')).state, 'open')
  await page.unroute('**/v1/holds/job-1')
  await rows.getByText('1,000').first().waitFor()
  await dialog.getByRole('button', { name: 'Settle 600 credit' }).click()
  await dialog.getByRole('link', { name: 'Show the entry' }).waitFor()
  const { state, settled, released } = await ledger.hold('job-1')
  assert.deepEqual([state, settled, released], ['settled', 600n, 400n])
  await dialog.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Refund' }).click()
  await dialog.getByLabel('Amount (credit)').fill('601')
  await dialog.getByLabel('Reason').fill('half of it was wrong')
  await dialog.getByRole('button', { name: 'Refund' }).click()
  await opened.waitForText('At most 600.')
  await dialog.getByLabel('Amount (credit)').fill('50')
  await dialog.getByRole('button', { name: 'Refund 50 credit' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  assert.equal((await ledger.hold('job-1')).refunded, 50n)
  await page.locator('ol li').nth(4).waitFor()
  assert.deepEqual(await page.locator('ol li a').allInnerTexts(), ['freeze', 'amend', 'settle', 'settle', 'refund'])
}

async function otherActions({ service, ledger }: Given): Promise<void> {
  await using opened = await ConsolePage.open(browser, service.url)
  const { page } = opened
  const dialog = page.getByRole('dialog')
  await ledger.freeze({ requestId: 'job-2', account: 'user:8', amount: 100n, expiresInMs: 60_000 })
  await opened.show('holds/job-2')
  await page.getByRole('button', { name: 'Amend' }).click()
  await dialog.getByLabel('Total (credit)').fill('120')
  await dialog.getByLabel('More time from now, in minutes').fill('30')
  await dialog.getByRole('button', { name: 'Amend the hold' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  const amended = await ledger.hold('job-2')
  assert.equal(amended.amount, 120n)
  assert.ok(amended.expiresAt > Date.now() + 20 * 60_000)
  await page.getByRole('button', { name: 'Release' }).click()
  await dialog.getByRole('button', { name: 'Release 120 credit' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  assert.equal((await ledger.hold('job-2')).state, 'released')

  await opened.show('accounts/user:9')
  for (const [action, standing] of [
    ['Block', 'blocked'],
    ['Unblock', 'active'],
  ] as const) {
    await page.getByRole('button', { name: new RegExp(`^${action}$`, 'i') }).click()
    await dialog.getByLabel('Reason').fill('chargeback')
    await dialog.getByRole('button', { name: `${action} the account` }).click()
    await dialog.getByRole('button', { name: 'Close' }).click()
    assert.equal((await ledger.account('user:9')).standing, standing)
  }
}

describe('an operator in a browser', () => {
  async function stories(store: string): Promise<void> {
    await migrateLedger(store)
    await using service = await ServiceProcess.start(store)
    const known = await given(service)
    await refusedCall(known)
    await lostAnswer(known)
    await endedHold(known)
    await otherActions(known)
    await known.ledger.close()
  }

  test('finds out why a call was refused, gives goodwill, and does nothing twice, on SQLite', async () => {
    await stories(`sqlite:${join(folder, 'stories.db')}`)
  })

  const mariadb = serverUnderTest('mariadb')
  test('does the same on MariaDB', { skip: mariadb.url === null && mariadb.reason }, async () => {
    await using database = await MysqlDatabase.create(mariadb.url!)
    await stories(database.url())
  })
})

describe('a ledger with keys', () => {
  const store = (): string => `sqlite:${join(folder, 'keys.db')}`
  let service: ServiceProcess
  let admin = ''
  let reader = ''

  before(async () => {
    await migrateLedger(store())
    const { openLedger } = await import('../../src/ledger.ts')
    await using ledger = await openLedger(store(), { sweep: false })
    admin = (await ledger.keys.create({ name: 'admin', scopes: ['keys:admin', 'accounts:read'] })).secret
    reader = (await ledger.keys.create({ name: 'reader', scopes: ['accounts:read', 'statements:read'] })).secret
    await ledger.deposit({ account: 'user:8', amount: 1_000n })
    service = await ServiceProcess.start(store())
  })
  after(() => service.stop())

  test('asks for one, keeps it in the tab only, and offers nothing that its scopes refuse', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('accounts/user:8')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await opened.assertAccessible('the form that asks for a key')
    await page.getByLabel('Key').fill(`${reader.slice(0, -1)}x`)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await opened.waitForText('The service does not know this key')
    await page.getByLabel('Key').fill(reader)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'user:8' }).waitFor()
    const kept = await page.evaluate<string[]>('[JSON.stringify(localStorage), document.cookie, location.href]')
    assert.ok(!kept.join().includes(reader), 'the key is in the session of the tab and nowhere else')

    await opened.waitForText('The key reader lacks the scopes deposits:write, charges:write, accounts:write.')
    for (const name of ['Deposit', 'Correction', 'Block']) {
      const button = page.getByRole('button', { name: new RegExp(`^${name}$`, 'i') })
      assert.equal(await button.isDisabled(), true, name)
      assert.match((await button.getAttribute('title')) ?? '', /^The key reader lacks the scope/)
    }
    await opened.assertAccessible('an account that can only be looked at')
    await opened.show('')
    await opened.waitForText('The key reader lacks the scope metrics:read.')
    const places = page.getByRole('navigation', { name: 'Places' }).first()
    assert.deepEqual(await places.getByRole('link').allInnerTexts(), [
      'Overview',
      'Accounts',
      'Holds',
      'Entries',
      'Assets',
      'Settings',
    ])
    await opened.show('keys')
    await opened.waitForText('The key reader lacks the scope keys:admin.')

    await opened.show('settings')
    await opened.waitForText('statements:read')
    await page.getByRole('button', { name: 'Forget the key' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal(await page.evaluate<string | null>("sessionStorage.getItem('holdfast.key')"), null)
  })

  test('has one made after a look at what it may do, and shows its secret once', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('keys')
    await page.getByLabel('Key').fill(admin)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Make a key' }).click()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await opened.waitForText('Choose at least one.')
    await opened.waitForText('1 to 64 characters')
    await dialog.getByLabel('Name').fill('shop')
    await dialog.getByLabel('keys:admin').check()
    await dialog.getByLabel('Accounts that begin with').fill('user:\n@revenue')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await opened.waitForText('A key with keys:admin cannot be confined')
    await dialog.getByLabel('keys:admin').uncheck()
    await dialog.getByLabel('accounts:read').check()
    await dialog.getByLabel('holds:write').check()
    await dialog.getByLabel('Assets', { exact: true }).fill('credit, gold')
    await dialog.getByLabel('At most, in minor units').fill('10000')
    await dialog.getByLabel('Expires').selectOption('30')
    await opened.assertAccessible('the form of a new key')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await opened.waitForText('user:, @revenue')
    await opened.assertAccessible('a new key before it is made')
    const listed = async (): Promise<readonly string[]> => {
      const answer = await fetch(`${service.url}/v1/keys`, { headers: { authorization: `Bearer ${admin}` } })
      return ((await answer.json()) as { items: { name: string }[] }).items.map(({ name }) => name)
    }
    assert.ok(!(await listed()).includes('shop'), 'nothing is made before it was confirmed')
    await dialog.getByRole('button', { name: 'Make a key' }).click()
    const secret = await dialog.locator('code').innerText()
    assert.match(secret, /^hf_\w{38}$/)
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await dialog.getByRole('button', { name: 'Copy' }).click()
    await dialog.getByRole('button', { name: 'Copied' }).waitFor()
    assert.equal(await page.evaluate<string>('navigator.clipboard.readText()'), secret)
    await page.keyboard.press('Escape')
    assert.equal(await dialog.isVisible(), true, 'a secret is not lost by a slip')
    const answer = await fetch(`${service.url}/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } })
    const { scopes, accounts, assets, amountMax, expiresAt } = (await answer.json()) as Record<string, unknown>
    assert.deepEqual(
      [scopes, accounts, assets, amountMax],
      [['holds:write', 'accounts:read'], ['user:', '@revenue'], ['credit', 'gold'], '10000'],
    )
    const lifeMs = Date.parse(String(expiresAt)) - Date.now()
    assert.ok(lifeMs > 29 * 86_400_000 && lifeMs <= 30 * 86_400_000)
    await dialog.getByRole('button', { name: 'Close' }).click()
    assert.ok(!(await page.content()).includes(secret), 'it is not in the page any more')
    await page.getByRole('button', { name: 'Revoke shop' }).waitFor()
    assert.deepEqual(opened.complaints, [])
  })

  test('says what to do when it is not known whether a key was made', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('keys')
    await page.getByLabel('Key').fill(admin)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Make a key' }).click()
    await dialog.getByLabel('Name').fill('lost')
    await dialog.getByLabel('accounts:read').check()
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await page.route('**/v1/keys', async (route) => {
      if (route.request().method() !== 'POST') return await route.continue()
      await route.fetch()
      await route.abort()
    })
    await dialog.getByRole('button', { name: 'Make a key' }).click()
    await opened.waitForText('nobody knows its secret')
    await page.unroute('**/v1/keys')
    await dialog.getByRole('button', { name: 'Make a key' }).click()
    await opened.waitForText('There is or was a key')
    await dialog.getByRole('button', { name: 'Back' }).click()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Give lost another secret' }).waitFor()
  })

  test('has them listed, rotated and revoked after their name was typed', async () => {
    await using opened = await ConsolePage.open(browser, service.url)
    const { page } = opened
    await opened.show('keys')
    await page.getByLabel('Key').fill(admin)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Give reader another secret' }).click()
    assert.equal(await dialog.getByRole('button', { name: 'Rotate' }).isDisabled(), true)
    await dialog.getByLabel('Type reader to confirm').fill('reader')
    await dialog.getByLabel('The secret before is valid for').selectOption('0')
    await dialog.getByRole('button', { name: 'Rotate' }).click()
    const secret = await dialog.locator('code').innerText()
    assert.match(secret, /^hf_\w{38}$/)
    const before = await fetch(`${service.url}/v1/whoami`, { headers: { authorization: `Bearer ${reader}` } })
    assert.equal(before.status, 401, 'the secret before has ended at once, as was chosen')
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Revoke admin' }).click()
    await opened.waitForText('This is the key that you use here.')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Revoke reader' }).click()
    await dialog.getByLabel('Type reader to confirm').fill('reader')
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await opened.waitForText('revoked')
    const answer = await fetch(`${service.url}/v1/assets`, { headers: { authorization: `Bearer ${secret}` } })
    assert.equal(answer.status, 401)
  })
})
