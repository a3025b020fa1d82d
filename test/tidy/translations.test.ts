import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources, type Source } from './source.ts'
import { translationViolations } from './translations.ts'

const ORIGINAL = '# Title\n\n## HoldfastDown\n\nUse `a` here.\n\n```sh\nb\n```\n'

function violations(text: string): readonly string[] {
  const source = (path: string, text: string): Source => ({ path, text })
  return translationViolations(source('a.md', ORIGINAL), source('a.zh.md', text))
}

test('the Chinese documents have the headings, the commands and the queries of the English ones', () => {
  const sources = new Map(readSources('docs/**/*.md').map((source) => [source.path, source]))
  const translated = [...sources.keys()].filter((path) => path.endsWith('.zh.md'))
  assert.deepEqual(translated.toSorted(), [
    'docs/guides/ai.zh.md',
    'docs/guides/bridge.zh.md',
    'docs/guides/prices.zh.md',
    'docs/guides/production.zh.md',
    'docs/runbook.zh.md',
  ])
  for (const path of translated) {
    assert.deepEqual(translationViolations(sources.get(path.replace('.zh.md', '.md'))!, sources.get(path)!), [])
  }
})

test('a translation that lacks something, or has something else, is refused', () => {
  assert.deepEqual(violations(ORIGINAL.replace('Title', '标题')), [])
  assert.equal(violations(ORIGINAL.replace('# Title', '# 标题\n\n## 更多')).length, 1)
  assert.equal(violations(ORIGINAL.replace('HoldfastDown', 'HoldfastUp')).length, 1)
  assert.equal(violations(ORIGINAL.replace('\nb\n', '\nc\n')).length, 1)
  assert.equal(violations(ORIGINAL.replace('`a`', '`b`')).length, 2)
  assert.equal(violations(ORIGINAL.replace('`a`', 'a')).length, 1)
})
