/** How the console is built: into `dist`, with paths that also work behind a proxy that adds one. */
import { readFileSync } from 'node:fs'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
/** `npm run dev --workspace @holdfast/console` shows the console of a service here. */
const SERVICE = process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:4680'

// eslint-disable-next-line import/no-default-export -- Vite looks for it.
export default defineConfig({
  base: './',
  plugins: [
    react(),
    tailwind(),
    { name: 'version', transformIndexHtml: (html: string) => html.replaceAll('%VERSION%', version) },
  ],
  build: {
    // The service answers the page at its root, and the files below /console/.
    assetsDir: 'console',
    // The policy of the page allows no data: URLs and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    // The pages of operators and of users.
    rolldownOptions: { input: ['index.html', 'user.html'] },
  },
  server: {
    proxy: Object.fromEntries(['/v1', '/readyz', '/metrics', '/docs', '/openapi.json'].map((path) => [path, SERVICE])),
  },
})
