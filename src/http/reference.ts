/** The reference: the OpenAPI document at `/openapi.json`, and a page at `/docs` that needs no other host. */
import type { FastifyInstance } from 'fastify'
import helmet from '@fastify/helmet'
import swaggerUi from '@fastify/swagger-ui'
import { sendFound } from './respond.ts'

/** The page uses inline styles and loads nothing from other hosts. HTTPS is not forced, because the service may run without TLS. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
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
      uiConfig: { deepLinking: true, docExpansion: 'list', tryItOutEnabled: true },
      // The bar at the top selects a document; there is only one.
      theme: { title: 'Holdfast', css: [{ filename: 'holdfast.css', content: '.topbar { display: none }' }] },
    })
  })
}
