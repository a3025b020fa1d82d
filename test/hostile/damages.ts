/**
 * Malicious changes to a request. A damage is data, so that a failing case can be printed and shrunk. Positions are fractions of
 * the number of places.
 */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { hostileTexts, hostileValues } from './hostile-values.ts'
import { JSON_TYPE } from './operations.ts'
import { encoded, targetOf, type Draft, type WireRequest } from './requests.ts'

/** From 0 to below 1: selects one of the available places. */
type Place = number

export type Damage =
  /** Damages to the JSON body. */
  | { readonly kind: 'replace' | 'add'; readonly at: Place; readonly name: string; readonly value: unknown }
  | { readonly kind: 'remove' | 'wrap' | 'number'; readonly at: Place }
  /** Damages to the body's text. */
  | { readonly kind: 'duplicate' | 'truncate'; readonly at: Place }
  | { readonly kind: 'insert'; readonly at: Place; readonly bytes: readonly number[] }
  | { readonly kind: 'encode'; readonly as: (typeof ENCODINGS)[number] }
  | { readonly kind: 'token'; readonly at: Place; readonly token: string }
  /** Damages to everything except the body. */
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  | { readonly kind: 'path' | 'query'; readonly at: Place; readonly text: string }
  | { readonly kind: 'target'; readonly how: (typeof TARGETS)[number] }

const ENCODINGS = ['utf16le', 'utf16be', 'bom', 'latin1', 'gzip', 'gzip-said', 'gzip-unsaid', 'double'] as const
const TARGETS = [
  'slash',
  'double-slash',
  'upper',
  'twice',
  'dots',
  'semicolon',
  'fragment',
  'long',
  'parameter',
] as const

const places = fc.double({ min: 0, max: 0.999_999, noNaN: true })

const HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'text/plain'],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/json;'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['content-type', '__proto__'],
  ['content-type', ''],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity'],
  ['content-encoding', 'br, gzip'],
  ['idempotency-key', ''],
  ['idempotency-key', '""'],
  ['idempotency-key', "'; DROP TABLE requests; --"],
  ['idempotency-key', 'x'.repeat(129)],
  ['idempotency-key', 'fine-but-another'],
  ['idempotency-key', 'caf\u00e9'],
  ['x-http-method-override', 'DELETE'],
  ['x-forwarded-for', "'; DROP TABLE balances; --"],
  ['x-forwarded-host', 'evil.example'],
  ['accept', 'text/html'],
  ['accept-encoding', '*;q=0'],
  ['expect', 'nonsense'],
  ['expect', '100-continue'],
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
  ['range', 'bytes=0-1'],
  ['if-none-match', '*'],
  ['traceparent', '00-ffffffffffffffffffffffffffffffff-zzzz-01'],
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['host', 'evil\'"<>'],
  ['cookie', 'a='.repeat(500)],
]

export const damages: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('replace' as const, 'replace' as const, 'add' as const),
      at: places,
      name: fc.oneof(
        fc.constantFrom('__proto__', 'constructor', 'requestId', 'account', 'kind', 'amonut'),
        hostileTexts,
      ),
      value: hostileValues,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'wrap' as const, 'number' as const), at: places }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('duplicate' as const, 'truncate' as const), at: places }) },
  fc.record({
    kind: fc.constant('insert' as const),
    at: places,
    bytes: fc.array(fc.constantFrom(0, 0x22, 0x5c, 0x7b, 0x2c, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  fc.record({ kind: fc.constant('encode' as const), as: fc.constantFrom(...ENCODINGS) }),
  fc.record({
    kind: fc.constant('token' as const),
    at: places,
    token: fc.constantFrom(
      '1e400',
      '-1e400',
      '1E-999999',
      '0'.repeat(400),
      '9'.repeat(5_000),
      '01',
      '.5',
      'NaN',
      '+1',
      '"\\ud800"',
      '"\\u0000"',
      '// x',
    ),
  }),
  fc.record({
    kind: fc.constant('method' as const),
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'),
  }),
  {
    weight: 2,
    arbitrary: fc.constantFrom(...HEADERS).map(([name, value]) => ({ kind: 'header' as const, name, value })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('path' as const, 'query' as const), at: places, text: hostileTexts }),
  },
  fc.record({ kind: fc.constant('target' as const), how: fc.constantFrom(...TARGETS) }),
)

/** The request with its damages, applied in this order: JSON, text, bytes, everything else. */
export function wireOf(draft: Draft, some: readonly Damage[]): WireRequest {
  let body = draft.body === undefined ? undefined : structuredClone(draft.body)
  for (const damage of some) body = damageValue(body, damage)
  const mediaType = draft.operation.body?.mediaType ?? JSON_TYPE
  // A damage can make anything of a text.
  let text =
    body === undefined ? null : mediaType !== JSON_TYPE && typeof body === 'string' ? body : JSON.stringify(body)
  for (const damage of some) text = damageText(text, damage)
  let bytes: Buffer | null = text === null ? null : Buffer.from(text)
  for (const damage of some) bytes = damageBytes(bytes, damage)
  const headers = Object.entries(draft.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    String(value),
  ])
  if (bytes !== null) headers.push(['content-type', mediaType])
  let { method } = draft.operation
  let target = targetOf(draft)
  for (const damage of some) {
    if (damage.kind === 'method') method = damage.method
    if (damage.kind === 'header') headers.push([damage.name, damage.value])
    if (damage.kind === 'encode' && (damage.as === 'gzip' || damage.as === 'gzip-said'))
      headers.push(['content-encoding', 'gzip'])
    target = damageTarget(target, draft, damage)
  }
  return { method, target, headers, body: bytes }
}

type Holder = Record<string, unknown>
interface Spot {
  readonly holder: Holder
  readonly name: string
}

/** Every value inside `value`, with the object that contains it. */
function spotsIn(value: unknown): readonly Spot[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.keys(value).flatMap((name) => {
    const holder = value as Holder
    // Deeply nested values are not traversed.
    return [{ holder, name }, ...spotsIn(JSON.stringify(holder[name])?.length < 2_000 ? holder[name] : null)]
  })
}

function at<Item>(items: readonly Item[], place: Place): Item | undefined {
  return items[Math.floor(place * items.length)]
}

function put(holder: Holder, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })
}

function damageValue(body: unknown, damage: Damage): unknown {
  if (damage.kind === 'add') return withAdded(body, damage)
  if (!['replace', 'wrap', 'number', 'remove'].includes(damage.kind) || !('at' in damage)) return body
  const spots = spotsIn(body)
  // The additional place is the body itself.
  const spot = at<Spot | null>([...spots, null], damage.at)
  if (spot === undefined) return body
  const value = spot === null ? body : spot.holder[spot.name]
  const change = (after: unknown): unknown => {
    if (spot === null) return after
    put(spot.holder, spot.name, after)
    return body
  }
  if (damage.kind === 'replace') return change(structuredClone(damage.value))
  if (damage.kind === 'wrap') return change([value])
  if (damage.kind === 'number') return change(typeof value === 'string' ? Number(value) : JSON.stringify(value))
  if (spot === null) return undefined
  delete spot.holder[spot.name]
  return body
}

function withAdded(body: unknown, { at: place, name, value }: Extract<Damage, { kind: 'add' | 'replace' }>): unknown {
  const values = [body, ...spotsIn(body).map(({ holder, name }) => holder[name])]
  const holder = at(values.filter((item) => typeof item === 'object' && item !== null) as Holder[], place)
  if (holder !== undefined) put(holder, name, structuredClone(value))
  return body
}

function damageText(text: string | null, damage: Damage): string | null {
  if (text === null || !('at' in damage)) return text
  if (damage.kind === 'truncate') return text.slice(0, Math.floor(damage.at * text.length))
  if (damage.kind === 'duplicate') {
    const members = [...text.matchAll(/"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|[0-9.]+|true|false|null)/g)]
    const member = at(members, damage.at)
    return member === undefined ? text : text.replace(member[0], () => `${member[0]},${member[0]}`)
  }
  if (damage.kind === 'token') {
    const values = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[0-9.]+|true|false|null)/g)]
    const value = at(values, damage.at)
    if (value === undefined) return text
    return `${text.slice(0, value.index + 1)}${damage.token}${text.slice(value.index + value[0].length)}`
  }
  return text
}

function damageBytes(bytes: Buffer | null, damage: Damage): Buffer | null {
  if (damage.kind === 'insert') {
    if (bytes === null) return Buffer.from(damage.bytes)
    const place = Math.floor(damage.at * bytes.length)
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(damage.bytes), bytes.subarray(place)])
  }
  if (damage.kind !== 'encode' || bytes === null) return bytes
  const text = bytes.toString()
  switch (damage.as) {
    case 'utf16le':
      return Buffer.from(`\ufeff${text}`, 'utf16le')
    case 'utf16be':
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
    case 'bom':
      return Buffer.from(`\ufeff${text}`)
    case 'latin1':
      return Buffer.from(`${text.slice(0, -1)},"é":1}`, 'latin1')
    case 'gzip':
    case 'gzip-unsaid':
      return gzipSync(bytes)
    case 'double':
      return Buffer.concat([bytes, bytes])
    case 'gzip-said':
      return bytes
  }
}

function damageTarget(target: string, draft: Draft, damage: Damage): string {
  if (damage.kind === 'path') {
    const name = at(Object.keys(draft.path), damage.at)
    if (name === undefined) return `${target}/${encoded(damage.text)}`
    return targetOf({ ...draft, path: { ...draft.path, [name]: damage.text } })
  }
  if (damage.kind === 'query') {
    const name = at([...Object.keys(draft.query), 'limit', 'cursor', '__proto__'], damage.at)!
    return `${target}${target.includes('?') ? '&' : '?'}${encoded(name)}=${encoded(damage.text)}`
  }
  if (damage.kind !== 'target') return target
  switch (damage.how) {
    case 'slash':
      return `${target}/`
    case 'double-slash':
      return target.replace('/v1', '//v1')
    case 'upper':
      return target.toUpperCase()
    case 'twice':
      return encodeURI(target).replaceAll('%25', '%2525')
    case 'dots':
      return target.replace('/v1/', '/v1/../v1/')
    case 'semicolon':
      return `${target};a=b`
    case 'fragment':
      return `${target}#x`
    case 'long':
      return `${target}/${'x'.repeat(5_000)}`
    case 'parameter':
      return `${target}${target.includes('?') ? '&' : '?'}a[b]=1&a[b]=2&&=&=x&limit=1&limit=2`
  }
}
