import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LedgerError } from '../api/error.ts'
import { parseJson } from './json.ts'

function parse(text: string): unknown {
  return parseJson(Buffer.from(text))
}

function pointerOf(read: () => unknown): string | null {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof LedgerError && error.code === 'invalid_request', String(error))
    return error.pointer
  }
  return assert.fail('it was accepted')
}

test('JSON without repeated names is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 2, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space)
      assert.deepEqual(parse(text), JSON.parse(text))
    }),
    { numRuns: 300 },
  )
})

describe('a name that is given twice is refused, and pointed at', () => {
  const cases: readonly [text: string, pointer: string][] = [
    ['{"amount": 1, "amount": 2}', '/amount'],
    ['{"amount": 1, "amount": 1}', '/amount'],
    ['{"a": {"b": [0, {"c": 1, "c" : 2}]}}', '/a/b/1/c'],
    ['[{"a": 1}, {"a": 1, "b": {}, "b": {}}]', '/1/b'],
    [String.raw`{"amount": 1, "amoun\u0074": 2}`, '/amount'],
    [String.raw`{"a\"b": 1, "x": "\\", "a\"b": 2}`, '/a"b'],
    ['{"a/b~c": 1, "a/b~c": 2}', '/a~1b~0c'],
    ['{"": 1, "": 2}', '/'],
    ['{"__proto__": 1, "__proto__": 2}', '/__proto__'],
    ['{"a": ",\\"a\\":", "b": 1,\n\t"a"\n:2}', '/a'],
    ['{"0": 1, "0": 2}', '/0'],
  ]
  for (const [text, pointer] of cases) {
    test(text, () =>
      assert.equal(
        pointerOf(() => parse(text)),
        pointer,
      ),
    )
  }

  test('wherever it stands', () => {
    const name = fc.string({ unit: 'binary', maxLength: 6 })
    const other = fc.jsonValue({ maxDepth: 2 })
    fc.assert(
      fc.property(name, other, other, fc.nat(3), (key, first, second, depth) => {
        const inner = `{${JSON.stringify(key)}:${JSON.stringify(first)},${JSON.stringify(key)}:${JSON.stringify(second)}}`
        const text = `${'{"deep":['.repeat(depth)}${inner}${']}'.repeat(depth)}`
        const step = key.replaceAll('~', '~0').replaceAll('/', '~1')
        assert.equal(
          pointerOf(() => parse(text)),
          `${'/deep/0'.repeat(depth)}/${step}`,
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('what looks like a name twice and is not one is accepted', () => {
  for (const text of [
    '{"a": {"a": {"a": 1}}}',
    '[{"a": 1}, {"a": 1}]',
    '{"a": "a", "b": "a\\": 1, \\"a"}',
    '{"a": ["a", "a", ":"]}',
    String.raw`{"a\\": 1, "a": 2}`,
  ]) {
    test(text, () => assert.deepEqual(parse(text), JSON.parse(text)))
  }
})

describe('what is not JSON is refused', () => {
  for (const text of [
    '',
    '{',
    '{"a": 1,}',
    "{'a': 1}",
    '{"a": 01}',
    '{"a": NaN}',
    '\ufeff{}',
    '{} {}',
    '{"a": 1}x',
    'undefined',
  ]) {
    test(JSON.stringify(text), () =>
      assert.equal(
        pointerOf(() => parse(text)),
        '',
      ),
    )
  }

  test('bytes that are not UTF-8, which would become other text', () => {
    assert.equal(
      pointerOf(() => parseJson(Buffer.from([0x22, 0xc3, 0x28, 0x22]))),
      '',
    )
  })

  test('nesting without end, before it exhausts the stack', () => {
    for (const depth of [17, 100_000]) {
      assert.equal(
        pointerOf(() => parse('['.repeat(depth) + ']'.repeat(depth))),
        '',
        `${depth} arrays`,
      )
      assert.equal(
        pointerOf(() => parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))),
        '',
        `${depth} objects`,
      )
    }
  })
})
