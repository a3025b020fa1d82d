import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { linkViolations } from './links.ts'
import { readSources, type Source } from './source.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const GLOSSARY: Source = {
  path: 'docs/GLOSSARY.md',
  text: '# Words\n\n## A hold, and `its` end\n\n## Again\n\n## Again\n',
}

function violations(text: string): readonly string[] {
  const guide: Source = { path: 'docs/guides/start.md', text }
  return linkViolations([guide, GLOSSARY], (path) => [guide.path, GLOSSARY.path, 'src'].includes(path))
}

test('every link of the documents leads somewhere', () => {
  assert.deepEqual(
    linkViolations(readSources('**/*.md'), (path) => existsSync(resolve(ROOT, path))),
    [],
  )
})

test('a link to a file that is not there is refused', () => {
  assert.deepEqual(violations('One line.\nSee [this](../GLOSARY.md).'), [
    'docs/guides/start.md:2: ../GLOSARY.md leads nowhere',
  ])
  assert.equal(violations('[words]: ../missing.md').length, 1)
  assert.equal(violations('![a picture](picture.svg)').length, 1)
})

test('a link to a heading that is not there is refused', () => {
  assert.equal(violations('See [this](../GLOSSARY.md#a-freeze).').length, 1)
  assert.equal(violations('# Start\n\nSee [this](#end).').length, 1)
})

test('links that lead somewhere are allowed', () => {
  const text = `# Start here

See [words](../GLOSSARY.md), [holds](../GLOSSARY.md#a-hold-and-its-end), [twice](../GLOSSARY.md#again-1),
[above](#start-here), [the source](../../src), [elsewhere](https://www.rfc-editor.org/rfc/rfc9457).
`
  assert.deepEqual(violations(text), [])
})

test('what is in a block of code is not a link', () => {
  assert.deepEqual(violations('```md\nSee [this](missing.md).\n```\nand `[this](missing.md)`.'), [])
})
