import assert from 'node:assert/strict'
import { test } from 'node:test'
import { visible, visibleLines } from './visible.ts'

test('what a terminal would act on is shown as its code, and every other character as it is', () => {
  assert.equal(visible('\u001b[2J\u009b1m\u0007\u202ex\n'), '\\u{1b}[2J\\u{9b}1m\\u{7}\\u{202e}x\\u{a}')
  assert.equal(visible('naïve 😀 表'), 'naïve 😀 表')
  assert.equal(visibleLines('a\nb\r'), 'a\nb\\u{d}')
})
