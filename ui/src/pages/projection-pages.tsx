/** Shows projections: the tables that are declared, how far they are filled, and their rows by filter. */

import { type FormEvent, useId } from 'react'
import { useList, useThing } from '../api/questions.ts'
import type { Page, ProjectedRow, Projection, ProjectionFailure } from '../api/shapes.ts'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { PostButton } from '../parts/post-button.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { Link, navigate, useLocation } from '../router.tsx'

/** Milliseconds between two looks. */
const lookMs = 2_000
/** Where a row comes from; no two rows have the same. */
const place = ['qs_block', 'qs_place', 'qs_nth']

const pathOf = (name: string) => `/v1/projections/${encodeURIComponent(name)}`

/** All tables. */
export function ProjectionsPage() {
  const list = useList<Projection>(['projections'], '/v1/projections', lookMs)
  return (
    <section className="panel">
      <DataList
        list={list}
        caption="Projections"
        idOf={({ name }) => name}
        empty={
          <Empty title="No table is declared yet">
            A file in the folder <code>projections</code> beside the workflows declares one: which
            events, and a column for each of their values.
          </Empty>
        }
        columns={{
          Table: ({ name, state }) =>
            state === 'undeclared' ? name : <Link href={`/projections/${name}`}>{name}</Link>,
          Of: ({ sources }) => <span className="mono">{sources.join(', ')}</span>,
          Life: ({ life }) => life,
          State: (one) => <Standing one={one} />,
          Failures: ({ failures }) => failures,
        }}
      />
    </section>
  )
}

function Standing({ one: { state, progress, problem } }: { readonly one: Projection }) {
  return (
    <div>
      <Badge state={state} />
      {state === 'filling' && ` ${progress.done} of ${progress.last}`}
      {problem && <p className="problem">{problem}</p>}
    </div>
  )
}

/** One table with its rows, and what failed. */
export function ProjectionPage({ name }: { readonly name: string }) {
  const found = useThing<Projection>('projections', pathOf(name))
  const { where = '', order = '-qs_block' } = Object.fromEntries(useLocation().query)
  if (found.isPending) return <Loading what="the table" />
  if (found.isError) {
    return <Failure error={found.error} onRetry={() => void found.refetch()} />
  }
  const one = found.data
  return (
    <>
      <section className="panel">
        <p>
          {one.description ?? `Of ${one.sources.join(', ')}`}, from {one.life}
          {one.key.length > 0 && `; a row for each ${one.key.join(', ')}`}
        </p>
        <Standing one={one} />
        <p>
          <a href={`${pathOf(name)}/export?format=csv`}>CSV</a>{' '}
          <a href={`${pathOf(name)}/export`}>JSON lines</a>
        </p>
        <PostButton path={`${pathOf(name)}/rebuild`} changes={['projections']} of={name}>
          Empty and fill anew
        </PostButton>
      </section>
      <section className="panel" aria-label="Rows">
        <Filter key={`${where} ${order}`} one={one} where={where} order={order} />
        <Rows one={one} where={where} order={order} />
      </section>
      {one.failures > 0 && <Failures name={name} />}
    </>
  )
}

interface RowsProps {
  readonly one: Projection
  readonly where: string
  readonly order: string
}

function Filter({ one, where, order }: RowsProps) {
  const [whereId, orderId] = [useId(), useId()]
  const names = ['qs_block', ...one.columns.filter(({ index }) => index).map(({ name }) => name)]
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const query = new URLSearchParams()
    for (const field of ['where', 'order']) {
      const value = String(fields.get(field) ?? '').trim()
      if (value !== '') query.set(field, value)
    }
    navigate(`/projections/${one.name}?${query}`)
  }
  return (
    <form onSubmit={submit}>
      <div className="field">
        <label htmlFor={whereId}>Filter</label>
        <input
          id={whereId}
          name="where"
          defaultValue={where}
          placeholder={`${one.columns[0]?.name ?? 'column'}.eq.VALUE`}
        />
        <small>
          COLUMN.OPERATOR.VALUE with eq, ne, gt, gte, lt, lte, in, prefix, null; several with “ and
          ”
        </small>
      </div>
      <div className="field inline">
        <label htmlFor={orderId}>Order</label>
        <select id={orderId} name="order" defaultValue={order}>
          {names.map((name) => [
            <option key={`-${name}`} value={`-${name}`}>
              {name}, greatest first
            </option>,
            <option key={name} value={name}>
              {name}, least first
            </option>,
          ])}
        </select>
        <button type="submit">Show</button>
      </div>
    </form>
  )
}

function Rows({ one, where, order }: RowsProps) {
  const names = one.columns.map(({ name }) => name)
  const query = new URLSearchParams({ order, columns: [...names, ...place].join(',') })
  for (const filter of where.split(' and ')) {
    if (filter.trim() !== '') query.append('where', filter.trim())
  }
  const list = useList<ProjectedRow>(
    ['projections', one.name, String(query)],
    `${pathOf(one.name)}/rows?${query}`,
    lookMs,
  )
  return (
    <DataList
      list={list}
      caption={`Rows of ${one.name}`}
      idOf={(row) => place.map((name) => row[name]).join(' ')}
      empty={
        <Empty title={where === '' ? 'The table has no rows yet' : 'No row is so'}>
          Rows come with their events, once these are {one.life}.
        </Empty>
      }
      columns={Object.fromEntries(
        names.map((name) => [name, (row: ProjectedRow) => <Cell name={name} value={row[name]} />]),
      )}
    />
  )
}

function Cell({ name, value }: { readonly name: string; readonly value: unknown }) {
  if (value === null || value === undefined) return '–'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text.length > 18 ? <Identifier value={text} what={name} /> : text
}

function Failures({ name }: { readonly name: string }) {
  const path = `${pathOf(name)}/failures?limit=20`
  const failures = useThing<Page<ProjectionFailure>>('projections', path)
  return (
    <section className="panel" aria-labelledby="failures">
      <h2 id="failures">Failures</h2>
      <DataTable
        items={failures.data?.items ?? []}
        caption="Failures"
        idOf={({ record }) => record}
        columns={{
          Block: ({ block }) => block,
          Reason: ({ reason }) => <span className="problem">{reason}</span>,
          Record: ({ record }) => <Identifier value={record} what="record" />,
        }}
      />
    </section>
  )
}
