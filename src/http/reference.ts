/** The reference: the OpenAPI document at `/openapi.json`, and a page at `/docs` that needs no other host. */
import type { FastifyInstance } from 'fastify'
import helmet from '@fastify/helmet'
import swaggerUi from '@fastify/swagger-ui'
import { VERSION } from '../version.ts'
import { LOGO } from './logo.ts'
import { sendFound } from './respond.ts'

/** The page loads nothing from other hosts. HTTPS is not forced, because the service may run without TLS. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    frameAncestors: ["'none'"],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
  },
}

export async function referenceRoutes(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, (_, reply) => sendFound(reply, app.swagger()))
  await app.register(async (docs) => {
    // Only for this page: a browser does not render the responses of the other routes.
    await docs.register(helmet, { contentSecurityPolicy: CONTENT_SECURITY_POLICY, strictTransportSecurity: false })
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      // This layout has no bar at the top. The other one has a logo, and a field for another document.
      uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'list', tryItOutEnabled: true },
      logo: { type: 'image/svg+xml', content: LOGO },
      theme: {
        title: `Holdfast ${VERSION}: reference`,
        favicon: [{ filename: 'holdfast.svg', rel: 'icon', sizes: 'any', type: 'image/svg+xml', content: LOGO }],
      },
    })
  })
}
