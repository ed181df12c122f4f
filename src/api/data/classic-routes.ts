/** Serves the routes of the first chain under the bare names of old, where somebody asks for it. */

import type { OpenAPIHono } from '@hono/zod-openapi'
import { AppError } from '../../base/app-error.ts'
import type { ApiDependencies } from '../api-dependencies.ts'

/** Methods and paths; what stands behind them is that of `/v1/chains/<chain>`. */
const classicRoutes = {
  '/inject': ['GET', 'POST'],
  '/leap': ['GET', 'POST'],
  '/json-chain': ['GET'],
  '/chain': ['GET'],
  '/discover': ['GET', 'POST'],
  '/stats': ['GET'],
  '/transactions/draft': ['POST'],
  '/transactions/new': ['POST'],
} as const

/** Adds them. */
export function addClassicRoutes(app: OpenAPIHono, { chains }: ApiDependencies): void {
  for (const [path, methods] of Object.entries(classicRoutes)) {
    app.on([...methods], path, (context) => {
      const { method, url, raw } = context.req
      if (path === '/leap' && method !== 'POST') mustBeAsked(context.req.header('sec-fetch-site'))
      const target = new URL(url)
      target.pathname = `/v1/chains/${chains[0]?.name ?? ''}${path}`
      const asked = path === '/leap' ? 'POST' : method
      const { headers, body } = raw
      const sent = body === null ? {} : { body, duplex: 'half' as const }
      return app.fetch(new Request(target, { method: asked, headers, ...sent }), context.env)
    })
  }
}

/** A GET that does something: a page of another site must not reach it by an image or a link. */
function mustBeAsked(site: string | undefined): void {
  if (site === undefined || site === 'same-origin' || site === 'none') return
  const message = 'pages of other sites may not ask for a block'
  throw new AppError({ code: 'api/foreign-page', message })
}
