/** What can be done with a run: pause, resume, cancel, retry from a step, replay. */

import { useMutation } from '@tanstack/react-query'
import { sendJson } from '../api/client.ts'
import type { InstanceDetail, Replay } from '../api/shapes.ts'
import { Data } from '../parts/data.tsx'
import { DataTable } from '../parts/data-list.tsx'
import { PostButton } from '../parts/post-button.tsx'

const open = ['running', 'waiting', 'compensating']

interface RunActionsProps {
  readonly instance: InstanceDetail
  /** The step that is looked at, from which a retry begins. */
  readonly step: { readonly pointer: string; readonly name: string } | undefined
}

/** Buttons for what the status of a run allows, and what a replay tells. */
export function RunActions({ instance: { id, status }, step }: RunActionsProps) {
  const path = `/v1/instances/${encodeURIComponent(id)}`
  const replay = useMutation({ mutationFn: () => sendJson<Replay>('POST', `${path}/replay`, {}) })
  const of = 'this run'
  const changes = ['instance', 'instances']
  return (
    <section className="panel" aria-label="What can be done">
      <div className="actions">
        {open.includes(status) && status !== 'compensating' && (
          <PostButton {...{ path: `${path}/pause`, changes, of }}>Pause</PostButton>
        )}
        {status === 'paused' && (
          <PostButton {...{ path: `${path}/resume`, changes, of }}>Resume</PostButton>
        )}
        {(open.includes(status) || status === 'paused') && (
          <PostButton
            {...{ path: `${path}/cancel`, changes, of }}
            confirm="Cancel it? What it has done is undone where its workflow says how."
          >
            Cancel
          </PostButton>
        )}
        {status === 'failed' && (
          <PostButton {...{ path: `${path}/retry`, changes, of }}>
            Retry from the failed step
          </PostButton>
        )}
        {(status === 'failed' || status === 'waiting' || status === 'paused') && step && (
          <PostButton
            {...{ path: `${path}/retry`, body: { step: step.pointer }, changes, of }}
            confirm={`Set the journal aside from “${step.name}” on, and go on from there? What these steps did outside is not undone.`}
          >
            {`Retry from “${step.name}”`}
          </PostButton>
        )}
        <button type="button" disabled={replay.isPending} onClick={() => replay.mutate()}>
          Replay<span className="visually-hidden"> {of} with no effect outside</span>
        </button>
      </div>
      <div role="status">
        {replay.error && <p className="problem">{replay.error.message}</p>}
        {replay.data && <ReplayReport report={replay.data} />}
      </div>
    </section>
  )
}

function ReplayReport({ report }: { readonly report: Replay }) {
  const { next, differences, output, problem } = report
  return (
    <>
      <h3>On its journal, with no effect outside</h3>
      {differences.length === 0 ? (
        <p>It goes the same way as its journal says.</p>
      ) : (
        <DataTable
          items={differences}
          caption="Differences"
          idOf={({ step }) => step}
          columns={{
            Step: ({ step }) => <span className="mono">{step}</span>,
            'In the journal': ({ journaled }) => journaled,
            'Asked now': ({ asked }) => asked ?? 'nothing',
          }}
        />
      )}
      {next.map(({ step, action }) => (
        <p key={step}>
          Next it would do <strong>{action}</strong> at <span className="mono">{step}</span>.
        </p>
      ))}
      {problem !== null && <Data title="It would fail with" value={problem} />}
      {problem === null && next.length === 0 && <Data title="It ends with" value={output} />}
    </>
  )
}
