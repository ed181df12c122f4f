/** Sends all rows of a projection as one stream. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiDependencies } from '../api-dependencies.ts'
import { readQuery, rowsQuery } from '../routes/projection-routes.ts'
import { operationOf } from '../routes/route.ts'
import { errors } from '../routes/shapes.ts'
import { type ChainStreams, readerOf } from './chain-streams.ts'
import { csv, jsonLines, type RowText } from './row-texts.ts'

const path = '/v1/projections/{name}/export'
const yesOrNo = z.enum(['true', 'false'])

const ExportQueryShape = z.object({
  ...rowsQuery,
  cursor: rowsQuery.cursor.openapi({ description: '`qs_cursor` of the last row that came' }),
  format: z.enum(['jsonl', 'csv']).default('jsonl'),
  cursors: yesOrNo.default('false').openapi({
    description: 'Whether each row has a column qs_cursor, by which a stream that broke goes on',
  }),
  head: yesOrNo.default('true').openapi({ description: 'Whether CSV begins with the names' }),
})

/** Adds the route. */
export function addExportRoute(
  app: OpenAPIHono,
  from: ApiDependencies,
  streams: ChainStreams,
): void {
  const params = z.object({ name: z.string().max(64) })
  const stream = { schema: z.string() }
  const route = {
    ...{ method: 'get' as const, path, operationId: operationOf('get', path) },
    summary: 'All rows of a projection, as lines of JSON or CSV',
    request: { params, query: ExportQueryShape },
  }
  app.openAPIRegistry.registerPath({
    ...route,
    responses: {
      200: {
        description: 'The rows; a connection that is cut means that there are more',
        content: { 'application/x-ndjson': stream, 'text/csv': stream },
      },
      ...errors,
    },
  })
  app.get('/v1/projections/:name/export', async (context) => {
    const { name } = context.req.param()
    const asked = { ...context.req.query(), where: context.req.queries('where') ?? [] }
    const read = ExportQueryShape.safeParse(asked)
    if (!read.success) {
      const [issue] = read.error.issues
      const message = `${issue?.path.join('.')}: ${issue?.message}`
      return context.json({ error: { code: 'api/bad-request', message, data: {} } }, 400)
    }
    const { format, cursors, head, ...query } = read.data
    const { columns, pages } = from.projections.export(name, readQuery(query))
    const withCursors = cursors === 'true'
    const text =
      format === 'csv'
        ? csv(columns, { withCursors, withHead: head === 'true' })
        : jsonLines(withCursors)
    const headers = {
      'content-type': text.mediaType,
      'content-disposition': `attachment; filename="${name}.${format}"`,
    }
    return streams.open(readerOf(context), { headers, pieces: () => texts(text, pages()) })
  })
}

async function* texts(
  text: RowText,
  pages: ReturnType<ReturnType<ApiDependencies['projections']['export']>['pages']>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let { head } = text
  for await (const rows of pages) {
    yield encoder.encode(head + rows.map((row) => text.line(row)).join(''))
    head = ''
  }
}
