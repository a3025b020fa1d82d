/** The table of allowed imports between the layers of src/, as drawn in ARCHITECTURE.md. */
import { importedPath, importsOf, isTest, type Source, type Violation } from './source.ts'

interface Layer {
  /** Folders and files of src/ that it may import, besides its own. */
  readonly sees: readonly string[]
  /** Packages that it may import; `any` for no restriction. A scope includes its packages. */
  readonly packages: readonly string[] | 'any'
  /** Whether it may import `node:` modules. */
  readonly node: boolean
}

const PORTS = [
  'engine/store.ts',
  'engine/reader.ts',
  'engine/auditor.ts',
  'engine/actor-book.ts',
  'engine/replica.ts',
  'engine/faults.ts',
]

const ADDRESSES = ['stores/mysql/url.ts', 'stores/mysql/encryption.ts', 'stores/postgres/url.ts']

/** By folder or file of src/. */
const LAYERS: Readonly<Record<string, Layer>> = {
  domain: { sees: [], packages: [], node: false },
  // Keys and tokens are also made where the client runs.
  access: { sees: ['domain'], packages: [], node: false },
  engine: { sees: ['domain'], packages: ['cockatiel'], node: true },
  stores: { sees: ['domain', 'access', ...PORTS], packages: ['kysely', 'mysql2', 'pg'], node: true },
  // The reads of a ledger stand on the read port.
  api: { sees: ['domain', 'access', 'engine/reader.ts'], packages: [], node: false },
  // The API of OpenTelemetry is loaded if somebody has registered a tracer: nothing imports it otherwise.
  telemetry: { sees: ['domain', 'engine', 'version.ts'], packages: ['pino', '@opentelemetry/api'], node: true },
  metrics: { sees: ['domain', 'engine', 'version.ts'], packages: ['@prometheus-io'], node: true },
  http: {
    sees: ['api', 'access', 'engine', 'domain', 'metrics', 'telemetry', 'reconcile', 'version.ts'],
    packages: ['fastify', '@fastify', 'pino'],
    node: true,
  },
  // Must run in browsers and edge runtimes: it uses fetch only.
  client: { sees: ['api', 'access', 'domain'], packages: [], node: false },
  // Old systems use the same databases as the stores, with URLs of the same form.
  // A library of a page, which brings its own React.
  react: { sees: ['api', 'domain'], packages: ['react'], node: false },
  import: { sees: ['api', 'domain', ...ADDRESSES], packages: ['mysql2', 'pg'], node: true },
  // Writes rows as the stores do, from within the transactions of an old system, whose tables it reads as the import does.
  bridge: {
    sees: ['domain', 'api', 'import', 'stores/mysql', 'stores/postgres', 'stores/sql', ...PORTS],
    packages: ['pg'],
    node: true,
  },
  reconcile: { sees: ['api', 'domain'], packages: ['csv-parse'], node: true },
  prices: { sees: ['api', 'domain'], packages: ['csv-parse'], node: false },
  // Runs wherever the client does. The packages of the AI SDK are only types here.
  ai: { sees: ['api', 'domain', 'prices'], packages: ['@ai-sdk/provider'], node: false },
  // Asks databases on connections of its own; judges with the same rules as the stores and the engine.
  doctor: {
    sees: ['domain', 'stores', 'engine/clock.ts', 'engine/clock-verdict.ts', 'engine/limits.ts', ...PORTS],
    packages: ['mysql2', 'pg'],
    node: true,
  },
  cli: {
    sees: [
      'doctor',
      'client',
      'ledger.ts',
      'config.ts',
      'version.ts',
      'http',
      'metrics',
      'telemetry',
      'import',
      'bridge',
      'reconcile',
      'prices',
      'api',
      'access',
      'domain',
    ],
    packages: 'any',
    node: true,
  },
  'version.ts': { sees: [], packages: [], node: false },
  'config.ts': {
    sees: ['setting-sources.ts', 'setting.ts', 'setting-values.ts', 'api', 'domain', 'engine/limits.ts'],
    packages: [],
    node: true,
  },
  'setting-sources.ts': { sees: ['config-file.ts', 'setting.ts'], packages: [], node: false },
  'config-file.ts': { sees: ['setting.ts'], packages: [], node: true },
  'setting-values.ts': { sees: ['setting.ts'], packages: [], node: true },
  'setting.ts': { sees: [], packages: [], node: false },
  // The only place that imports both the engine and the stores.
  'ledger.ts': { sees: ['api', 'access', 'domain', 'engine', 'stores', 'telemetry'], packages: [], node: true },
  'index.ts': { sees: ['ledger.ts', 'access', 'api', 'domain', 'engine', 'stores'], packages: [], node: false },
}

export function layerViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.filter((source) => source.path.startsWith('src/') && !isTest(source)).flatMap(violationsOf)
}

function violationsOf(source: Source): readonly Violation[] {
  const name = source.path.split('/')[1]!
  const layer = LAYERS[name]
  if (layer === undefined) return [`${source.path}: "${name}" is not in the table of layers`]
  return importsOf(source)
    .filter(({ specifier }) => !isAllowed(source, name, layer, specifier))
    .map(({ specifier, line }) => `${source.path}:${line}: ${name} must not import ${specifier}`)
}

function isAllowed(source: Source, name: string, layer: Layer, specifier: string): boolean {
  const path = importedPath(source, specifier)
  if (path !== null) return [name, ...layer.sees].some((seen) => isWithin(path, `src/${seen}`))
  if (specifier.startsWith('node:')) return layer.node
  return layer.packages === 'any' || layer.packages.some((allowed) => isWithin(specifier, allowed))
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
