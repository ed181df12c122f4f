/** Shows workflows, and the records that they left behind. */

import { lazy, Suspense } from 'react'
import { useList, useWorkflows } from '../api/questions.ts'
import type { OutcomeRecord, Workflow } from '../api/shapes.ts'
import { stepViews } from '../graph/step-states.ts'
import { Data } from '../parts/data.tsx'
import { DataList } from '../parts/data-list.tsx'
import { Identifier, shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'

const WorkflowGraph = lazy(() =>
  import('../graph/workflow-graph.tsx').then((module) => ({ default: module.WorkflowGraph })),
)

/** The deployed workflows. */
export function WorkflowsPage() {
  const workflows = useWorkflows()
  if (workflows.isPending) return <Loading what="workflows" />
  if (workflows.isLoadingError) {
    return <Failure error={workflows.error} onRetry={() => void workflows.refetch()} />
  }
  return <WorkflowCards workflows={workflows.data.items} />
}

function WorkflowCards({ workflows }: { readonly workflows: readonly Workflow[] }) {
  return (
    <section className="panel">
      <ul className="cards">
        {workflows.map(({ namespace, name, title, event, steps }) => (
          <li key={`${namespace}/${name}`}>
            <h2>
              <Link href={`/workflows/${namespace}/${name}`}>{title}</Link>
            </h2>
            <p className="hint mono">{`${namespace}/${name}`}</p>
            <p className="mono">{event}</p>
            <p className="hint">{steps.map((step) => step.name).join(' · ')}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** One workflow with its graph and definition, by `NAMESPACE/NAME`; by its name alone those that have it. */
export function WorkflowPage({ name }: { readonly name: string }) {
  const workflows = useWorkflows()
  if (workflows.isPending) return <Loading what="the workflow" />
  if (workflows.isLoadingError) return <Failure error={workflows.error} />
  const named = workflows.data.items.filter(
    (one) => one.name === name || `${one.namespace}/${one.name}` === name,
  )
  const [workflow] = named
  if (workflow === undefined)
    return <Failure error={new Error(`There is no workflow “${name}”.`)} />
  if (named.length > 1) return <WorkflowCards workflows={named} />
  const views = stepViews(workflow.steps, [], undefined)
  return (
    <div className="columns">
      <section className="panel" aria-label="Graph">
        <Suspense fallback={<Loading what="the graph" />}>
          <WorkflowGraph
            steps={workflow.steps}
            views={views}
            chosen={undefined}
            onChoose={() => {}}
          />
        </Suspense>
      </section>
      <section className="panel" aria-labelledby="definition">
        <h2 id="definition">{workflow.title}</h2>
        <p className="hint">
          Definition <Identifier value={workflow.hash} what="definition" />
        </p>
        <Data title="Definition" value={workflow.definition} />
      </section>
    </div>
  )
}

/** The outcomes that were recorded. */
export function RecordsPage() {
  const list = useList<OutcomeRecord>(['records'], '/v1/records')
  return (
    <section className="panel">
      <DataList
        list={list}
        caption="Records"
        idOf={({ id }) => id}
        empty={
          <Empty title="Nothing is recorded yet">Steps that call record.write write here.</Empty>
        }
        columns={{
          Record: ({ key, data }) => (
            <details>
              <summary className="mono">{shortened(key)}</summary>
              <pre>{JSON.stringify(data, null, 2)}</pre>
            </details>
          ),
          Workflow: ({ workflow }) => <Link href={`/workflows/${workflow}`}>{workflow}</Link>,
          Run: ({ instanceId }) => (
            <Link href={`/instances/${instanceId}`} className="mono">
              {shortened(instanceId)}
            </Link>
          ),
          Time: ({ at }) => <Moment at={at} />,
        }}
      />
    </section>
  )
}
