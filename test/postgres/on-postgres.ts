/** Lets the tests of a process that open SQLite run on PostgreSQL (`node --import`). */

import { registerHooks } from 'node:module'
import { after } from 'node:test'

const stand = new URL('sqlite-on-postgres.ts', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier, context)
    return found.url.endsWith('/src/store/sqlite.ts') ? { ...found, url: stand } : found
  },
})

after(async () => {
  const { removeSchemas } = await import('./sqlite-on-postgres.ts')
  await removeSchemas()
})
