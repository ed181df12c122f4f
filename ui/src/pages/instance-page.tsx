/** Shows one run: its graph, its steps in time, and the data of the chosen step. */

import { lazy, Suspense, useState } from 'react'
import { etherOf } from '../amounts.ts'
import { useDefinition, useInstance, useWorkflows } from '../api/questions.ts'
import type { InstanceDetail } from '../api/shapes.ts'
import { isOf, type StepView, stateIcons, stepsOf, stepViews } from '../graph/step-states.ts'
import { Data } from '../parts/data.tsx'
import { DataTable } from '../parts/data-list.tsx'
import { Icon } from '../parts/icon.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'
import { RunActions } from './run-actions.tsx'

const WorkflowGraph = lazy(() =>
  import('../graph/workflow-graph.tsx').then((module) => ({ default: module.WorkflowGraph })),
)

/** One run by its id. */
export function InstancePage({ id }: { readonly id: string }) {
  const instance = useInstance(id)
  const workflows = useWorkflows()
  const hash = instance.data?.definitionHash
  const isReplaced = workflows.data?.items.every((one) => one.hash !== hash) ?? false
  const replaced = useDefinition(isReplaced ? hash : undefined)
  const [chosen, setChosen] = useState<string>()
  if (instance.isPending || workflows.isPending) return <Loading what="the run" />
  if (instance.isLoadingError)
    return <Failure error={instance.error} onRetry={() => void instance.refetch()} />
  const { data } = instance
  const known = [...(workflows.data?.items ?? []), ...(replaced.data ? [replaced.data] : [])]
  const { steps, isKnown } = stepsOf(data, known)
  const views = stepViews(steps, data.journal, data.status)
  const last = data.journal.at(-1)?.step ?? ''
  const shown =
    views.find(({ pointer }) => pointer === chosen) ??
    views.findLast(({ pointer }) => isOf(last, pointer)) ??
    views[0]
  return (
    <>
      <Summary instance={data} />
      <RunActions instance={data} step={shown?.state === 'failed' ? undefined : shown} />
      {isReplaced && (
        <p className="hint">
          Another definition has taken the place of the one that this run goes by
          {isKnown ? '.' : ': its steps are those that have run.'}
        </p>
      )}
      <div className="columns">
        <section className="panel" aria-label="Graph">
          <Suspense fallback={<Loading what="the graph" />}>
            <WorkflowGraph
              steps={steps}
              views={views}
              chosen={shown?.pointer}
              onChoose={setChosen}
            />
          </Suspense>
        </section>
        <section className="panel" aria-labelledby="steps">
          <h2 id="steps">Steps</h2>
          <Timeline views={views} chosen={shown?.pointer} onChoose={setChosen} />
        </section>
      </div>
      {shown && <StepData view={shown} />}
      <section className="panel columns" aria-label="Data of the run">
        <Data title="Given to the run" value={data.input} />
        <Data
          title={data.problem === null ? 'Result of the run' : 'Failed with'}
          value={data.problem ?? data.output}
        />
      </section>
      <Journal entries={data.journal} />
    </>
  )
}

function Summary({ instance }: { readonly instance: InstanceDetail }) {
  const { event, status, reason, namespace, workflow } = instance
  const amount = event?.args.amount
  return (
    <section className="panel summary" aria-label="Summary">
      <Badge state={status} />
      <dl>
        <dt>Run</dt>
        <dd>
          <Identifier value={instance.id} what="run" />
        </dd>
        <dt>Workflow</dt>
        <dd>
          <Link href={`/workflows/${namespace}/${workflow}`}>{workflow}</Link>
        </dd>
        <dt>Started</dt>
        <dd>
          <Moment at={instance.createdAt} />
        </dd>
        {event && (
          <>
            <dt>Event</dt>
            <dd>
              <Link href={`/events/${encodeURIComponent(event.id)}`}>{event.name}</Link> in block{' '}
              <Link href={`/blocks/${event.blockNumber}`}>{event.blockNumber}</Link>
            </dd>
          </>
        )}
        {typeof amount === 'string' && /^\d+$/.test(amount) && (
          <>
            <dt>Amount</dt>
            <dd>{etherOf(amount)} ether</dd>
          </>
        )}
      </dl>
      {reason && <p className={status === 'failed' ? 'failure' : 'attention-text'}>{reason}</p>}
    </section>
  )
}

interface TimelineProps {
  readonly views: readonly StepView[]
  readonly chosen: string | undefined
  readonly onChoose: (step: string) => void
}

function Timeline({ views, chosen, onChoose }: TimelineProps) {
  const longest = Math.max(1, ...views.map(({ durationMs }) => durationMs ?? 0))
  return (
    <ol className="timeline">
      {views.map((view) => (
        <li key={view.pointer}>
          <button
            type="button"
            className={`step-row state-${view.state.replace(' ', '-')}`}
            aria-pressed={view.pointer === chosen}
            onClick={() => onChoose(view.pointer)}
          >
            <span className="step-mark">
              <Icon name={stateIcons[view.state]} />
            </span>
            <span>
              <strong>{view.name}</strong> <small>{view.kind}</small>
            </span>
            <span className="step-state">{view.state}</span>
            <span className="step-time">
              {view.durationMs === undefined ? '' : `${view.durationMs} ms`}
            </span>
            <span
              aria-hidden="true"
              className="bar"
              style={{ inlineSize: `${((view.durationMs ?? 0) / longest) * 100}%` }}
            />
          </button>
        </li>
      ))}
    </ol>
  )
}

function StepData({ view }: { readonly view: StepView }) {
  const entry = view.entries.findLast(({ kind }) => kind === 'completed') ?? view.entries.at(-1)
  const hash = (entry?.output as { hash?: unknown } | null | undefined)?.hash
  return (
    <section className="panel" aria-labelledby="step-data">
      <h2 id="step-data">
        Data of <span className="mono">{view.name}</span>
      </h2>
      {entry === undefined ? (
        <p className="hint">This step has not been reached.</p>
      ) : (
        <>
          <p className="hint">
            {entry.kind}, attempt {entry.attempt}, <Moment at={entry.at} />
            {typeof hash === 'string' && (
              <>
                , transaction <Identifier value={hash} what="transaction" />
              </>
            )}
          </p>
          {entry.error && <p className="failure">{entry.error}</p>}
          <div className="columns">
            <Data title="Input" value={entry.input} />
            <Data title="Output" value={entry.output} />
          </div>
        </>
      )}
    </section>
  )
}

/** Every line of the journal, as it stands on disk. */
function Journal({ entries }: { readonly entries: InstanceDetail['journal'] }) {
  const lines = entries.filter(({ seq }) => seq > 0)
  return (
    <section className="panel" aria-labelledby="journal">
      <h2 id="journal">
        Journal <span className="hint">what is here is never done again</span>
      </h2>
      {lines.length === 0 ? (
        <p className="hint">Nothing is written yet.</p>
      ) : (
        <DataTable
          items={lines}
          caption="Journal"
          idOf={({ seq }) => String(seq)}
          columns={{
            '#': ({ seq }) => seq,
            Step: ({ step, dropped }) => (
              <>
                <span className="mono">{step}</span>
                {dropped && <span className="tag">set aside</span>}
              </>
            ),
            Action: ({ action, attempt }) =>
              attempt > 1 ? `${action}, attempt ${attempt}` : action,
            What: ({ kind, error }) =>
              error ? <span className="reason">{`${kind}: ${error}`}</span> : kind,
            Time: ({ at }) => <Moment at={at} />,
          }}
        />
      )}
    </section>
  )
}
