import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSetting, readSettings, SettingError, SETTINGS, type SettingName, withoutPassword } from './config.ts'

test('a flag wins over its variable, the variable over the default', () => {
  const environment = { HOLDFAST_PORT: '1234' }
  assert.equal(readSetting('port', { port: '4321' }, environment), 4321)
  assert.equal(readSetting('port', {}, environment), 1234)
  assert.equal(readSetting('port', {}, {}), 4680)
})

test('a variable that is set to nothing counts as not set', () => {
  assert.equal(readSetting('store', {}, { HOLDFAST_STORE: '' }), 'sqlite:./data/holdfast.db')
})

test('every default is a value that the setting can have', () => {
  const settings = readSettings({}, {})
  assert.deepEqual(Object.keys(settings), Object.keys(SETTINGS))
  assert.equal(settings.host, '127.0.0.1')
  assert.equal(settings.logRequests, false)
})

test('what a setting cannot be is refused, and blamed on the flag or the variable that said it', () => {
  assert.throws(() => readSetting('port', { port: '65536' }, {}), {
    name: 'SettingError',
    message: '--port must be a whole number from 0 to 65535, not "65536".',
  })
  assert.throws(() => readSetting('logRequests', {}, { HOLDFAST_LOG_REQUESTS: 'yes' }), {
    message: 'HOLDFAST_LOG_REQUESTS must be true or false, not "yes".',
  })
  for (const port of ['', '-1', '1.5', '0x10', '1e3', ' 80', 'http']) {
    assert.throws(() => readSetting('port', { port }, {}), SettingError, port)
  }
})

test('a life of holds that is longer than the longest that is allowed is refused at the start', () => {
  const flags = { holdTtlMsMax: '60000' }
  assert.throws(() => readSettings(flags, {}), {
    name: 'SettingError',
    message:
      '--hold-ttl-ms-default (HOLDFAST_HOLD_TTL_MS_DEFAULT) is 900000, ' +
      'which is more than --hold-ttl-ms-max (HOLDFAST_HOLD_TTL_MS_MAX), 60000.',
  })
  assert.equal(readSettings(flags, { HOLDFAST_HOLD_TTL_MS_DEFAULT: '60000' }).holdTtlMsDefault, 60_000)
})

test('the sweeper is paced by its settings', () => {
  const { expiryIntervalMs, expiryPageMax, expiryRoundMax } = readSettings(
    { expiryIntervalMs: '250' },
    { HOLDFAST_EXPIRY_PAGE_MAX: '50' },
  )
  assert.deepEqual([expiryIntervalMs, expiryPageMax, expiryRoundMax], [250, 50, 5_000])
  assert.throws(() => readSetting('expiryIntervalMs', { expiryIntervalMs: '0' }, {}), SettingError)
})

test('commands are logged not at all, all, or a share of them', () => {
  const read = (given: string): number => readSetting('logCommands', { logCommands: given }, {})
  assert.deepEqual(['none', 'all', '0.01', '.5', '0', '1', '1.0'].map(read), [0, 1, 0.01, 0.5, 0, 1, 1])
  for (const given of ['1.5', '-0.1', 'some', '1e-2', '', '1 %']) {
    assert.throws(() => read(given), /must be none, all, or a share from 0 to 1 such as 0.01/, given)
  }
})

test('trusted proxies are addresses, each with an optional prefix', () => {
  const read = (list: string): readonly string[] => readSetting('trustedProxies', { trustedProxies: list }, {})
  assert.deepEqual(read('10.0.0.7, 10.0.0.0/8,::1,fd00::/8'), ['10.0.0.7', '10.0.0.0/8', '::1', 'fd00::/8'])
  assert.deepEqual(read(''), [])
  for (const list of ['proxy', '10.0.0', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '::/129', '10.0.0.7,', '*']) {
    assert.throws(() => read(list), SettingError, list)
  }
})

test('a flag without a value is on', () => {
  assert.equal(readSetting('logRequests', { logRequests: true }, { HOLDFAST_LOG_REQUESTS: 'false' }), true)
})

test('flags and variables are named after the setting', () => {
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    assert.equal(SETTINGS[name].flag.split(' ')[0], `--${words}`)
    assert.equal(SETTINGS[name].variable, `HOLDFAST_${words.replaceAll('-', '_').toUpperCase()}`)
  }
})

test('a store URL is shown without its password', () => {
  assert.equal(withoutPassword('mysql://user:p@ss:word@host:3306/ledger'), 'mysql://user:***@host:3306/ledger')
  assert.equal(withoutPassword('postgres://:secret@host/ledger'), 'postgres://:***@host/ledger')
  assert.equal(withoutPassword('mysql://u:p,@w@h-1:1,h-2:2/ledger'), 'mysql://u:***@h-1:1,h-2:2/ledger')
  for (const store of [
    'postgres://u@h-1:5432,h-2:5432/x',
    'mysql://root@127.0.0.1:3306/ledger',
    'sqlite:/a:b@c.db',
    'memory:',
  ]) {
    assert.equal(withoutPassword(store), store)
  }
})
