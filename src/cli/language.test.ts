import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOf } from './language.ts'

test('the language is that of --lang, or of the first variable that is set', () => {
  assert.equal(languageOf([], {}), 'en')
  assert.equal(languageOf([], { LANG: 'zh_CN.UTF-8' }), 'zh')
  assert.equal(languageOf([], { LANG: 'zh' }), 'zh')
  assert.equal(languageOf([], { LANG: 'zha_XX' }), 'en')
  assert.equal(languageOf([], { LC_ALL: '', LC_MESSAGES: 'zh_TW.UTF-8', LANG: 'de_DE' }), 'zh')
  assert.equal(languageOf([], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }), 'en')
  assert.equal(languageOf(['freeze', '--lang', 'zh'], { LANG: 'de_DE' }), 'zh')
  assert.equal(languageOf(['--lang=en', 'freeze'], { LANG: 'zh_CN' }), 'en')
  assert.equal(languageOf(['--lang', 'fr'], { LANG: 'zh_CN' }), 'en')
  assert.equal(languageOf(['charge', '--', '--lang', 'zh'], {}), 'en')
})
