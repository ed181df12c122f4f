/** Answers what people ask of projections. */

import { AppError } from '../../base/app-error.ts'
import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlSession, SqlStore } from '../../store/sql.ts'
import type { Declaration } from '../declaration.ts'
import type {
  ExportedRow,
  ProjectedRow,
  ProjectionDesk,
  ProjectionFailure,
  ProjectionStatus,
  RowsQuery,
} from '../projection.ts'
import type { StoredForm } from '../tables/changed-form.ts'
import { TableReader } from '../tables/rows-query.ts'
import type { FillSpan, Standing, Standings } from '../tables/standing.ts'

/** A projection that runs, as the desk sees it. */
export interface Projected {
  readonly declaration: Declaration
  readonly form: StoredForm
  /** For people. */
  readonly sources: readonly string[]
  /** What is wrong with it at present. */
  readonly trouble: { readonly state: 'waiting' | 'stopped'; readonly problem: string } | undefined
  span(session: SqlSession): Promise<FillSpan>
  /** Has it look for what is to be filled. */
  wake(): void
}

/** Rows of an export that are read at once. */
const exportPage = 100

interface Entry {
  readonly projected: Projected
  readonly reader: TableReader
}

/** The desk of some projections. */
export class Desk implements ProjectionDesk {
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #with: { readonly sql: SqlStore; readonly standings: Standings }

  constructor(
    projected: readonly Projected[],
    parts: { readonly sql: SqlStore; readonly standings: Standings },
  ) {
    this.#with = parts
    this.#entries = new Map(
      projected.map((one) => [
        one.form.name,
        { projected: one, reader: new TableReader(one.form, parts.sql.dialect) },
      ]),
    )
  }

  async list(): Promise<readonly ProjectionStatus[]> {
    const standings = await this.#with.standings.all()
    const failures = await this.#failures()
    return [...standings].map(([name, standing]) =>
      statusOf(standing, this.#entries.get(name)?.projected, failures.get(name) ?? 0),
    )
  }

  async get(name: string): Promise<ProjectionStatus> {
    const found = (await this.list()).find((one) => one.name === name)
    if (found) return found
    throw unknown(name)
  }

  async rows(name: string, { limit, ...query }: RowsQuery): Promise<Page<ProjectedRow>> {
    const { reader } = this.#entry(name)
    const found = await reader.read(this.#with.sql, { ...query, limit: limit + 1 })
    const items = found.slice(0, limit).map(({ row }) => row)
    const next = found.length > limit ? found[limit - 1]?.cursor : undefined
    return next === undefined ? { items } : { items, next }
  }

  export(
    name: string,
    query: Omit<RowsQuery, 'limit' | 'order'>,
  ): ReturnType<ProjectionDesk['export']> {
    const { reader } = this.#entry(name)
    return { columns: reader.columns(query), pages: () => this.#pages(reader, query) }
  }

  async *#pages(
    reader: TableReader,
    query: Omit<RowsQuery, 'limit' | 'order'>,
  ): AsyncGenerator<readonly ExportedRow[]> {
    let { cursor } = query
    for (;;) {
      const wish = { ...query, cursor, order: 'key', limit: exportPage }
      const found = await reader.read(this.#with.sql, wish)
      yield found
      cursor = found.at(-1)?.cursor
      if (found.length < exportPage) return
    }
  }

  async failures(name: string, query: PageQuery): Promise<Page<ProjectionFailure>> {
    this.#entry(name)
    return sequencePage(this.#with.sql, {
      ...query,
      select:
        'SELECT seq, block, record, reason, at_ms FROM projection_failures WHERE projection = ?',
      values: [name],
      read: (row) => ({
        ...{ record: String(row.record), block: Number(row.block) },
        ...{ reason: String(row.reason), atMs: Number(row.at_ms) },
      }),
    })
  }

  async rebuild(name: string): Promise<void> {
    const { projected } = this.#entry(name)
    const { form } = projected
    await this.#with.standings.remake({ form, spanOf: (session) => projected.span(session) })
    projected.wake()
  }

  async #failures(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#with.sql.all(
      'SELECT projection, count(*) AS n FROM projection_failures GROUP BY projection',
    )
    return new Map(rows.map(({ projection, n }) => [String(projection), Number(n)]))
  }

  #entry(name: string): Entry {
    const found = this.#entries.get(name)
    if (found) return found
    throw unknown(name)
  }
}

function statusOf(
  { form, state, next, last }: Standing,
  projected: Projected | undefined,
  failures: number,
): ProjectionStatus {
  const trouble = projected?.trouble
  return {
    ...{ name: form.name, chain: form.chain, columns: form.columns, key: form.key, failures },
    life: form.life as ProjectionStatus['life'],
    description: projected?.declaration.description,
    sources: projected?.sources ?? form.sources,
    state: projected === undefined ? 'undeclared' : (trouble?.state ?? state),
    progress: { done: Math.min(next, last), last },
    problem: trouble?.problem,
  }
}

function unknown(name: string): AppError {
  const message = `there is no projection "${name}" that is declared`
  return new AppError({ code: 'projection/unknown', message })
}
