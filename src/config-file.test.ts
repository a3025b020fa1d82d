import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { configWarnings, readSetting, readSettings, SETTINGS } from './config.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'))
after(() => rmSync(folder, { recursive: true }))

function file(text: string | Uint8Array, name = 'holdfast.env', mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a flag wins over the variable, the variable over the file, the file over the default', () => {
  const config = file('# our ledger\n\nHOLDFAST_PORT=1111\r\n  HOLDFAST_LOG_LEVEL = "warn" \nHOLDFAST_HOST=\n')
  const settings = readSettings({ config }, {})
  assert.deepEqual([settings.port, settings.logLevel, settings.host], [1_111, 'warn', '127.0.0.1'])
  assert.equal(readSetting('port', {}, { HOLDFAST_CONFIG: config }), 1_111)
  assert.equal(readSetting('port', { config }, { HOLDFAST_PORT: '2222' }), 2_222)
  assert.equal(readSetting('port', { config, port: '3333' }, { HOLDFAST_PORT: '2222' }), 3_333)
  const other = file('HOLDFAST_PORT=4444', 'other.env')
  assert.equal(readSetting('port', { config: other }, { HOLDFAST_CONFIG: config }), 4_444)
})

test('every setting can stand in a file, with its default as the value', () => {
  const lines = Object.values(SETTINGS).map(({ variable, fallback }) => `${variable}='${fallback}'`)
  assert.deepEqual(readSettings({ config: file(lines.join('\n')) }, {}), readSettings({}, {}))
})

test('a line that cannot be right is refused with the file and the line', () => {
  const refusals = [
    ['HOLDFAST_PORT=http', ':1: HOLDFAST_PORT must be a whole number from 0 to 65535, not "http".'],
    ['\nHOLDFAST_POTR=1', ':2: no setting is called HOLDFAST_POTR. "holdfast serve --help" lists the names.'],
    ['port=1', ':1: no setting is called port. Is HOLDFAST_PORT meant?'],
    ['HOLDFAST_CONFIG=x', ':1: no setting is called HOLDFAST_CONFIG. "holdfast serve --help" lists the names.'],
    ['#\nHOLDFAST_PORT 1', ':2: is neither NAME=VALUE nor a comment that begins with #.'],
    ['export HOLDFAST_PORT=1', ':1: is neither NAME=VALUE nor a comment that begins with #.'],
    ['HOLDFAST_PORT=1\n\nHOLDFAST_PORT=1', ':3: HOLDFAST_PORT is already set in line 1.'],
    ['HOLDFAST_HOST="::1', ':1: the value of HOLDFAST_HOST must end with its quote, on this line.'],
    ['HOLDFAST_HOST="::1" # here', ':1: the value of HOLDFAST_HOST must end with its quote, on this line.'],
    [
      'HOLDFAST_STORE=postgres://u:a#b@h/d',
      ':1: put the value of HOLDFAST_STORE in quotes, because it has a #. A comment has a line of its own.',
    ],
  ] as const
  for (const [text, message] of refusals) {
    const config = file(text)
    assert.throws(() => readSettings({ config }, {}), { name: 'SettingError', message: `${config}${message}` }, text)
  }
})

test('a value in quotes keeps what it has in it', () => {
  const config = file(`HOLDFAST_STORE='postgres://u:a#"b@h/d'\n`)
  assert.equal(readSetting('store', { config }, {}), 'postgres://u:a#"b@h/d')
})

test('a file that is missing, a folder, too large or no text is refused by its name', () => {
  const refusals = [
    [join(folder, 'missing'), /^Cannot read the config file, .*missing: there is no such file\.$/],
    [folder, /: it is a folder\.$/],
    [file('#'.repeat(1_048_577), 'large'), /^The config file, .*large, is larger than 1048576 bytes\.$/],
    [file(Buffer.from([0x23, 0xff]), 'binary'), /: it is not UTF-8 text\.$/],
    ['', /^--config names no file\.$/],
  ] as const
  for (const [config, message] of refusals) {
    assert.throws(() => readSetting('port', { config }, {}), { name: 'SettingError', message })
  }
  assert.equal(readSetting('port', {}, { HOLDFAST_CONFIG: '' }), 4_680)
})

test('the store URL can be in a file of its own, which the variable or the config file names', () => {
  const secret = file('mysql://ledger:secret@db/ledger\n', 'store-url')
  assert.equal(readSetting('store', {}, { HOLDFAST_STORE_FILE: secret }), 'mysql://ledger:secret@db/ledger')
  const config = file(`HOLDFAST_STORE_FILE=${secret}`)
  assert.equal(readSetting('store', { config }, {}), 'mysql://ledger:secret@db/ledger')
  assert.equal(readSetting('store', { config }, { HOLDFAST_STORE: 'memory:' }), 'memory:')
  assert.equal(readSetting('store', { store: 'memory:' }, { HOLDFAST_STORE_FILE: secret }), 'memory:')
})

test('a file of a store URL that is missing, empty, of several lines, or next to a URL is refused', () => {
  const read = (HOLDFAST_STORE_FILE: string, more = {}) => readSetting('store', {}, { HOLDFAST_STORE_FILE, ...more })
  const named = { name: 'SettingError' }
  assert.throws(() => read(join(folder, 'none')), {
    ...named,
    message: `Cannot read the file of HOLDFAST_STORE_FILE, ${join(folder, 'none')}: there is no such file.`,
  })
  assert.throws(() => read(file('\n', 'empty')), { ...named, message: /HOLDFAST_STORE_FILE, .*empty, is empty\.$/ })
  assert.throws(() => read(file('a\nb', 'two')), { ...named, message: /two, has more than one line\.$/ })
  assert.throws(() => read(file('memory:', 'one'), { HOLDFAST_STORE: 'memory:' }), {
    ...named,
    message: 'HOLDFAST_STORE and HOLDFAST_STORE_FILE are not possible together.',
  })
})

test('a password in a file that everybody may read is a warning, which does not repeat it', () => {
  const text = 'HOLDFAST_PORT=1\nHOLDFAST_STORE=mysql://ledger:secret@db/ledger'
  const [warning, ...more] = configWarnings({ config: file(text, 'open.env', 0o644) }, {})
  assert.match(warning!, /open\.env:2: HOLDFAST_STORE has a password, and every user .* HOLDFAST_STORE_FILE\.$/)
  assert.doesNotMatch(warning!, /secret/)
  assert.deepEqual(more, [])
  assert.deepEqual(configWarnings({ config: file(text, 'closed.env', 0o640) }, {}), [])
  const harmless = 'HOLDFAST_STORE=sqlite:/data/holdfast.db'
  assert.deepEqual(configWarnings({ config: file(harmless, 'harmless.env', 0o644) }, {}), [])
})
