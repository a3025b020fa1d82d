/**
 * `GET /`: for a browser the console, or a page that says what this is. `GET /me`: for a browser the page of a user. For programs there are
 * no such routes.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { VERSION } from '../version.ts'
import { CONSOLE_POLICY, type BuiltConsole } from './console.ts'
import { LOGO } from './logo.ts'
import { sendPage } from './respond.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif }
body { max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem }
h1 { display: flex; gap: .75rem; align-items: center; margin: 0; font-size: 1.75rem }
h1 svg { width: 2.25rem; height: 2.25rem }
small { color: gray; font-size: 1rem; font-weight: normal }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.25rem; margin: 1.5rem 0 }
dd { margin: 0 }
a { color: #0f766e }
@media (prefers-color-scheme: dark) { a { color: #5eead4 } }
`

// Links are relative, so that the page also works behind a proxy that adds a path.
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast</title>
<link rel="icon" href="docs/static/theme/holdfast.svg" type="image/svg+xml">
<style>${STYLE}</style>
</head>
<body>
<h1>${LOGO}Holdfast <small>${VERSION}</small></h1>
<p>This is the HTTP service of a credits ledger. Programs freeze the maximum cost of a call, settle the actual cost, and the rest
returns to its holder.</p>
<dl>
<dt><a href="docs/">Reference</a></dt><dd>all routes, with examples to try</dd>
<dt><a href="openapi.json">openapi.json</a></dt><dd>the same for programs</dd>
<dt><a href="readyz">Readiness</a></dt><dd>whether the service can commit, with its warnings</dd>
<dt><a href="livez">Liveness</a></dt><dd>whether the process responds</dd>
</dl>
</body>
</html>
`

const USER_PATH = '/me'

const POLICY = [
  "default-src 'none'",
  "img-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** @param console null if it was not built */
export function homeRoute(app: FastifyInstance, console: BuiltConsole | null): void {
  const home = console === null ? { page: PAGE, policy: POLICY } : { page: console.page, policy: CONSOLE_POLICY }
  pageRoute(app, '/', home)
  if (console !== null) pageRoute(app, USER_PATH, { page: console.userPage, policy: CONSOLE_POLICY })
}

interface Page {
  readonly page: string
  readonly policy: string
}

function pageRoute(app: FastifyInstance, path: string, { page, policy }: Page): void {
  app.get(path, { schema: { hide: true } }, (request, reply) => {
    if (request.headers.accept?.includes('text/html') !== true) {
      throw new LedgerError(
        'route_not_found',
        `There is no route ${path}. The routes are described at /docs and /openapi.json.`,
      )
    }
    return sendPage(reply, page, policy)
  })
}
