/** Shows projections and their rows, and has them filled anew. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { columnTypes } from '../../projection/column.ts'
import { projectionLives } from '../../projection/declaration.ts'
import type { ProjectionFailure, ProjectionStatus, RowsQuery } from '../../projection/projection.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { posting, reading } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const ProjectionShape = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    chain: z.string(),
    sources: z.array(z.string()).openapi({ description: 'Signatures of events, or a dataset' }),
    life: z.enum(projectionLives),
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.enum(columnTypes),
        value: z.string().openapi({ description: 'jq' }),
        index: z.boolean(),
        sum: z.boolean(),
      }),
    ),
    key: z.array(z.string()),
    state: z.enum(['filling', 'ready', 'waiting', 'stopped', 'undeclared']),
    progress: z.object({ done: z.number(), last: z.number() }),
    failures: z.number(),
    problem: z.string().nullable(),
  })
  .openapi('Projection')

const FailureShape = z
  .object({
    record: z.string().openapi({ description: 'The event, or what of a block' }),
    block: z.number(),
    reason: z.string(),
    at: z.string().openapi({ format: 'date-time' }),
  })
  .openapi('ProjectionFailure')

const RowShape = z
  .record(z.string(), z.any())
  .openapi('ProjectedRow', { description: 'By column; integers are decimal text' })

const nameParam = z.object({ name: z.string().max(64) })

/** What rows and exports are asked for by. */
export const rowsQuery = {
  where: z
    .union([z.string().max(8_192), z.array(z.string().max(8_192)).max(16)])
    .optional()
    .openapi({
      description:
        'COLUMN.OPERATOR.VALUE with eq, ne, gt, gte, lt, lte, in, prefix or null; may be repeated, then all must hold',
      example: 'amount.gte.1000',
    }),
  columns: z.string().max(4_096).optional().openapi({ description: 'With commas between them' }),
  cursor: z.string().max(8_192).optional().openapi({ description: '`next` of the page before' }),
}

const RowsQueryShape = z.object({
  ...{ ...rowsQuery, limit: pageQuery.limit },
  order: z.string().max(64).optional().openapi({
    description: 'qs_block or a column with an index; with - before it the greatest first',
    example: '-qs_block',
  }),
})

/** Adds the routes. */
export function addProjectionRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/projections', {
    summary: 'Tables of what events and blocks say',
    answer: pageOf(ProjectionShape),
    request: {},
  })
  app.openapi(list, async (context) => {
    const items = (await from.projections.list()).map(projectionView)
    return context.json({ items, next: null }, 200)
  })

  const one = reading('/v1/projections/{name}', {
    ...{ summary: 'One projection', answer: ProjectionShape, request: { params: nameParam } },
  })
  app.openapi(one, async (context) => {
    const { name } = context.req.valid('param')
    return context.json(projectionView(await from.projections.get(name)), 200)
  })

  const rows = reading('/v1/projections/{name}/rows', {
    summary: 'Rows of a projection',
    answer: pageOf(RowShape),
    request: { params: nameParam, query: RowsQueryShape },
  })
  app.openapi(rows, async (context) => {
    const { name } = context.req.valid('param')
    const { limit, order, ...query } = context.req.valid('query')
    const page = await from.projections.rows(name, { ...readQuery(query), limit, order })
    return context.json(await pageView(page, (row) => ({ ...row })), 200)
  })
  addRepairs(app, from)
}

function addRepairs(app: OpenAPIHono, from: ApiDependencies): void {
  const failures = reading('/v1/projections/{name}/failures', {
    summary: 'Events that made no row, with the reason, newest first',
    answer: pageOf(FailureShape),
    request: { params: nameParam, query: z.object(pageQuery) },
  })
  app.openapi(failures, async (context) => {
    const { name } = context.req.valid('param')
    const page = await from.projections.failures(name, context.req.valid('query'))
    return context.json(await pageView(page, failureView), 200)
  })

  const rebuild = posting('/v1/projections/{name}/rebuild', {
    summary: 'Empties a projection and fills it anew, failed events too',
    answer: ProjectionShape,
    request: { params: nameParam },
  })
  app.openapi(rebuild, async (context) => {
    const { name } = context.req.valid('param')
    await from.projections.rebuild(name)
    return context.json(projectionView(await from.projections.get(name)), 200)
  })
}

/** A question in the form of the room below. */
export function readQuery({
  where,
  columns,
  cursor,
}: {
  readonly where?: string | readonly string[] | undefined
  readonly columns?: string | undefined
  readonly cursor?: string | undefined
}): Pick<RowsQuery, 'where' | 'columns' | 'cursor'> {
  return { where: where === undefined ? [] : [where].flat(), columns: columns?.split(','), cursor }
}

function projectionView({
  description,
  problem,
  columns,
  ...rest
}: ProjectionStatus): z.infer<typeof ProjectionShape> {
  return {
    ...{ ...rest, sources: [...rest.sources], key: [...rest.key], progress: { ...rest.progress } },
    columns: columns.map((column) => ({ ...column })),
    ...{ description: description ?? null, problem: problem ?? null },
  }
}

function failureView({ atMs, ...rest }: ProjectionFailure): z.infer<typeof FailureShape> {
  return { ...rest, at: isoTime(atMs) }
}
