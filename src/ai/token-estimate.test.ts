import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LearnedOutput } from './learned-output.ts'
import { METERING_LIMITS } from './limits.ts'
import { DeliveredText, PromptCount, utf8Bytes, type CountTokens } from './token-estimate.ts'

function promptOf(text: string, countTokens?: CountTokens): PromptCount {
  const count = new PromptCount({ limits: METERING_LIMITS, ...(countTokens === undefined ? {} : { countTokens }) })
  count.text(text)
  return count
}

test('bytes are those of UTF-8, without encoding', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(utf8Bytes(text), new TextEncoder().encode(text).length)
    }),
  )
})

test('less is charged by an estimate than was set aside for the same text, and pieces cost what the whole does', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 20 }), (pieces) => {
      const [delivered, whole] = [new DeliveredText(undefined), new DeliveredText(undefined)]
      for (const piece of pieces) delivered.add(piece)
      whole.add(pieces.join(''))
      assert.equal(delivered.tokens, whole.tokens)
      const prompt = promptOf(pieces.join(''))
      assert.equal(prompt.charged, whole.tokens)
      assert.ok(prompt.charged <= prompt.held)
      delivered.add('never delivered')
      delivered.remove('never delivered')
      assert.equal(delivered.tokens, whole.tokens)
    }),
  )
  assert.deepEqual([promptOf('你好世界').held, promptOf('你好世界').charged], [4, 3])
})

test('the caller’s own count is used for both, and must be a count', () => {
  const words = (text: string): number => text.split(' ').length
  assert.deepEqual([promptOf('a b c', words).held, promptOf('a b c', words).charged], [3, 3])
  const delivered = new DeliveredText(words)
  delivered.add('a b')
  delivered.add('c')
  assert.equal(delivered.tokens, 3)
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => promptOf('a', () => wrong), RangeError)
})

test('nine of ten of the last answers are within what was learned, and too few teach nothing', () => {
  const learned = new LearnedOutput()
  for (let answer = 1; answer <= 7; answer++) learned.learn('a', 100)
  assert.equal(learned.estimate('a'), null)
  learned.learn('a', 5_000)
  assert.equal(learned.estimate('a'), 5_000)
  for (let answer = 1; answer <= 60; answer++) learned.learn('a', answer)
  assert.equal(learned.estimate('a'), 58)
  for (let answer = 1; answer <= 64; answer++) learned.learn('a', 0)
  assert.equal(learned.estimate('a'), 1)
  assert.equal(learned.estimate('b'), null)
})

test('only so many models are remembered', () => {
  const learned = new LearnedOutput()
  for (let answer = 1; answer <= 8; answer++) learned.learn('first', 10)
  for (let model = 1; model <= 512; model++) learned.learn(`model-${model}`, 1)
  assert.equal(learned.estimate('first'), null)
})
