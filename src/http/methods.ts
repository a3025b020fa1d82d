/** Tells a path that does not exist from one that exists for other methods. */
import type { FastifyInstance } from 'fastify'

export class Methods {
  readonly #routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = []

  /** Remembers the routes that are added to `app` from here on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return
      const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[^/]+')}$`)
      this.#routes.push({ path, methods: typeof method === 'string' ? [method] : method })
    })
  }

  /** The methods of the routes at `path`; none when there is no route. */
  of(path: string): readonly string[] {
    const found = this.#routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods)
    return [...new Set(found)].sort()
  }
}
