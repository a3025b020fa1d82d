/** Distinguishes an unknown path from a path that exists with other methods. */
import type { FastifyInstance } from 'fastify'

export class Methods {
  readonly #routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = []

  /** Records the routes that are added to `app` from now on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      if (url.includes('*')) return
      const path = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:[a-z]+/g, '[^/]+')}$`)
      this.#routes.push({ path, methods: typeof method === 'string' ? [method] : method })
    })
  }

  /** The methods of the routes at `path`; empty if there is no route. */
  of(path: string): readonly string[] {
    const found = this.#routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods)
    return [...new Set(found)].sort()
  }
}
