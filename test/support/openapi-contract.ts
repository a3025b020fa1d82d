/** Validates responses against an OpenAPI document: only documented statuses, and bodies with exactly the documented fields. */
import assert from 'node:assert/strict'
import { Value } from 'typebox/value'

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly path: RegExp
  readonly method: string
  readonly responses: Readonly<Record<string, Json>>
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

export class OpenApiContract {
  readonly #operations: readonly Operation[]
  readonly #schemas: Readonly<Record<string, Json>>

  constructor(document: object) {
    const { paths, components } = document as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Readonly<Record<string, Json>> }>>>>
      readonly components: { readonly schemas: Readonly<Record<string, Json>> }
    }
    this.#schemas = components.schemas
    this.#operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        path: new RegExp(`^${path.replaceAll(/\{[a-z]+\}/g, '[^/]+')}$`),
        method: method.toUpperCase(),
        responses,
      })),
    )
  }

  /** Paths that are not in the document are not validated. */
  check(method: string, url: string, { status, headers, body }: Answered): void {
    const path = url.split('?', 1)[0]!
    const operation = this.#operations.find((known) => known.method === method && known.path.test(path))
    if (operation === undefined) return
    const response = operation.responses[String(status)]
    assert.ok(response, `${method} ${path} answered ${status}, which is not documented: ${JSON.stringify(body)}`)
    if (response['content'] === undefined) return assert.equal(body, null, `${method} ${path} ${status} has a body`)
    const content = response['content'] as Readonly<Record<string, { schema: unknown }>>
    const type = headers.get('content-type')?.replace('; charset=utf-8', '') ?? ''
    const media = content[type]
    assert.ok(media, `${method} ${path} answered ${type}, which is not documented`)
    assert.ok(headers.get('content-type')!.endsWith('; charset=utf-8'))
    if (!type.includes('json') || type.includes('ndjson')) return
    const [flaw] = Value.Errors(this.#resolved(media.schema) as object, body)
    assert.equal(flaw, undefined, `${method} ${path} ${status}: ${JSON.stringify(flaw)} in ${JSON.stringify(body)}`)
  }

  /** Resolves every reference, and closes every object that is not explicitly open. */
  #resolved(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((item) => this.#resolved(item))
    if (typeof schema !== 'object' || schema === null) return schema
    if ('$ref' in schema) return this.#resolved(this.#schemas[String(schema.$ref).replace('#/components/schemas/', '')])
    const entries = Object.entries(schema).map(([key, value]) => [key, this.#resolved(value)] as const)
    const closed = 'properties' in schema && !('additionalProperties' in schema)
    return Object.fromEntries(closed ? [...entries, ['additionalProperties', false]] : entries)
  }
}
