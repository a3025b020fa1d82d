import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textBetween, withTextBetween, type Marks } from './marks.ts'

const MARKS: Marks = { begin: '<!-- from here -->', end: '<!-- until here -->' }

test('the text between the marks is replaced, and nothing else', () => {
  const document = `before\n${MARKS.begin}\nold\n${MARKS.end}\nafter\n`
  const changed = withTextBetween(document, MARKS, 'new', 'document.md')
  assert.equal(changed, `before\n${MARKS.begin}\nnew\n${MARKS.end}\nafter\n`)
  assert.equal(textBetween(changed, MARKS, 'document.md'), '\nnew\n')
})

test('a document without both marks, once each and in their order, is refused', () => {
  const { begin, end } = MARKS
  for (const document of ['', begin, end, `${end}${begin}`, `${begin}${begin}${end}`, `${begin}${end}${end}`]) {
    assert.throws(() => textBetween(document, MARKS, 'document.md'), /document\.md has no place for the figures/)
  }
})
