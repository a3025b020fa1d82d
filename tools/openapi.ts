/**
 * Writes openapi.json: the document that the service serves at `/openapi.json`.
 *
 *   node tools/openapi.ts           writes the file
 *   node tools/openapi.ts --check   exits 1 when the file is out of date
 */
import { Engine } from '../src/engine/engine.ts'
import { buildServer } from '../src/http/server.ts'
import { openMemoryStorage } from '../src/stores/memory/storage.ts'
import { generate } from './generate.ts'

await using storage = openMemoryStorage()
const app = buildServer({ engine: new Engine(storage.store), reader: storage.reader, store: storage, sweeper: null })
await app.ready()
const document = `${JSON.stringify(app.swagger(), null, 2)}\n`
await app.close()
await generate('openapi.json', document)
