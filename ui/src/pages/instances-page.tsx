/** Lists the runs of workflows. */

import type { ReactNode } from 'react'
import { useList } from '../api/questions.ts'
import type { Instance, InstanceStatus } from '../api/shapes.ts'
import { stepName } from '../graph/step-states.ts'
import { DataList } from '../parts/data-list.tsx'
import { shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Empty } from '../parts/states.tsx'
import { Link, navigate, useLocation } from '../router.tsx'

const statuses: readonly InstanceStatus[] = [
  'running',
  'waiting',
  'paused',
  'compensating',
  'completed',
  'failed',
  'cancelled',
  'retracted',
]

/** All runs, or those of one status. */
export function InstancesPage() {
  const status = useLocation().query.get('status') ?? ''
  const key = status === '' ? ['instances', 'all'] : ['instances', 'filtered', status]
  const list = useList<Instance>(
    key,
    status === '' ? '/v1/instances' : `/v1/instances?status=${status}`,
  )
  return (
    <section className="panel">
      <div className="field inline">
        <label htmlFor="status">Status</label>
        <select
          id="status"
          value={status}
          onChange={({ target }) =>
            navigate(target.value === '' ? '/instances' : `/instances?status=${target.value}`)
          }
        >
          <option value="">all</option>
          {statuses.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <InstanceTable
        list={list}
        empty={
          <Empty title={status === '' ? 'No workflow has run yet' : `None is ${status}`}>
            Each deposit starts one; the form on the start page makes a deposit.
          </Empty>
        }
      />
    </section>
  )
}

interface InstanceTableProps {
  readonly list: ReturnType<typeof useList<Instance>>
  readonly empty: ReactNode
  /** Rows shown at most. */
  readonly most?: number
}

/** Runs as a table. */
export function InstanceTable({ list, empty, most }: InstanceTableProps) {
  const shown =
    most === undefined || list.data === undefined
      ? list
      : ({
          ...list,
          hasNextPage: false,
          data: {
            ...list.data,
            pages: list.data.pages
              .slice(0, 1)
              .map((page) => ({ ...page, items: page.items.slice(0, most) })),
          },
        } as typeof list)
  return (
    <DataList
      list={shown}
      caption="Runs of workflows"
      idOf={({ id }) => id}
      empty={empty}
      columns={{
        Run: ({ id }) => (
          <Link href={`/instances/${id}`} className="mono">
            {shortened(id)}
          </Link>
        ),
        Workflow: ({ namespace, workflow }) => (
          <Link href={`/workflows/${namespace}/${workflow}`}>{workflow}</Link>
        ),
        Status: ({ status }) => <Badge state={status} />,
        Step: ({ step, reason }) =>
          reason && most === undefined ? (
            <span className="reason">{`${stepName(step ?? '')}: ${reason}`}</span>
          ) : (
            <span title={reason ?? undefined}>{step ? stepName(step) : '–'}</span>
          ),
        Started: ({ createdAt }) => <Moment at={createdAt} />,
      }}
    />
  )
}
