/** Shows functions: where they run, how their last calls went, what they wrote; calls, deploys and removes them. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { sendJson } from '../api/client.ts'
import { useList, useThing } from '../api/questions.ts'
import type {
  FunctionDetail,
  FunctionRow,
  FunctionRun,
  FunctionVersion,
  LogLine,
} from '../api/shapes.ts'
import { Data } from '../parts/data.tsx'
import { DataList, DataTable } from '../parts/data-list.tsx'
import { shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { PostButton } from '../parts/post-button.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { Tile } from '../parts/tile.tsx'
import { Link, navigate } from '../router.tsx'
import { DeployForm } from './function-deployment.tsx'

const pathOf = (name: string) => `/v1/functions/${encodeURIComponent(name)}`
const took = (ms: number | null) => (ms === null ? '–' : `${ms} ms`)

/** All functions. */
export function FunctionsPage() {
  const list = useList<FunctionRow>(['functions'], '/v1/functions')
  const { problems = [], providers = [] } = list.data?.pages[0] ?? {}
  return (
    <>
      <section className="panel">
        {problems.map((problem) => (
          <p key={problem} className="problem" role="alert">
            {problem}
          </p>
        ))}
        <DataList
          list={list}
          caption="Functions"
          idOf={({ name, provider }) => `${name} ${provider}`}
          empty={
            <Empty title="There is no function yet">
              The form below and <code>quantumstream function deploy FILE</code> put one here; so
              does a file in the folder of the workflow.
            </Empty>
          }
          columns={{
            Function: ({ name, isCalled }) =>
              isCalled ? (
                <Link href={`/functions/${name}`}>{name}</Link>
              ) : (
                <span className="hint">{name} (not called here)</span>
              ),
            Provider: ({ provider }) => provider,
            Version: ({ version }) => <span className="mono">{version?.slice(0, 12) ?? '–'}</span>,
            State: (one) => <FunctionState one={one} />,
            Runs: ({ runs }) => runs,
            Errors: ({ errors }) => errors,
            Median: ({ medianMs }) => took(medianMs),
            'Last run': ({ lastRunAt }) => (lastRunAt ? <Moment at={lastRunAt} /> : '–'),
          }}
        />
      </section>
      <DeployForm providers={providers} />
    </>
  )
}

function FunctionState({ one }: { readonly one: FunctionRow }) {
  if (one.circuit === 'closed') return <>{one.state}</>
  return <span className="problem">not asked for a while: it failed again and again</span>
}

/** One function with versions and runs. */
export function FunctionPage({ name }: { readonly name: string }) {
  const found = useThing<FunctionDetail>('function', pathOf(name))
  if (found.isPending) return <Loading what="the function" />
  if (found.isLoadingError)
    return <Failure error={found.error} onRetry={() => void found.refetch()} />
  const one = found.data
  return (
    <>
      <section className="tiles" aria-label="At a glance">
        <Tile label="Provider" value={one.provider} />
        <Tile label="Runs" value={one.runs} />
        <Tile label="Errors" value={one.errors} {...(one.errors > 0 && { tone: 'warn' })} />
        <Tile label="Median" value={took(one.medianMs)} />
        <Tile label="95 of 100" value={took(one.p95Ms)} />
        <Tile
          label="Circuit"
          value={one.circuit}
          {...(one.circuit !== 'closed' && { tone: 'bad' })}
        />
      </section>
      <div className="columns">
        <InvokeForm name={name} />
        <Versions one={one} />
      </div>
      {one.state !== 'elsewhere' && <DeployForm name={name} />}
      <Runs name={name} />
      <Log name={name} />
      {one.state !== 'elsewhere' && one.state !== 'in the folder' && (
        <PostButton
          path={pathOf(name)}
          removes
          changes={['functions']}
          of={name}
          confirm={`Remove ${name} from ${one.provider}, with all its versions, for good?`}
          onDone={() => navigate('/functions')}
        >
          Remove
        </PostButton>
      )}
    </>
  )
}

function Versions({ one }: { readonly one: FunctionDetail }) {
  return (
    <section className="panel" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      {one.versions.length === 0 ? (
        <Empty title="No versions are kept">
          {one.state === 'elsewhere'
            ? 'This function is looked after elsewhere.'
            : 'This one is a file in the folder of the workflow; a deployment keeps versions.'}
        </Empty>
      ) : (
        <DataTable
          items={one.versions}
          caption="Versions"
          idOf={({ version }) => version}
          columns={{
            Version: ({ version }) => <span className="mono">{shortened(version)}</span>,
            Deployed: ({ at }) => (at ? <Moment at={at} /> : '–'),
            Bytes: ({ bytes }) => bytes ?? '–',
            '': (version) => <Choice name={one.name} version={version} />,
          }}
        />
      )}
    </section>
  )
}

/** Has calls go to another version. */
function Choice({ name, version }: { readonly name: string; readonly version: FunctionVersion }) {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: () => sendJson('PUT', pathOf(name), { version: version.version }),
    onSettled: () => client.invalidateQueries({ queryKey: ['function'] }),
  })
  if (version.isCurrent) return <span className="hint">is called</span>
  return (
    <>
      <button type="button" disabled={change.isPending} onClick={() => change.mutate()}>
        Call this one
        <span className="visually-hidden"> ({shortened(version.version)})</span>
      </button>
      {change.error && (
        <p className="problem" role="alert">
          {change.error.message}
        </p>
      )}
    </>
  )
}

/** The JSON of a text; absent where it is none. */
function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function InvokeForm({ name }: { readonly name: string }) {
  const [text, setText] = useState('{}')
  const ids = { title: useId(), payload: useId(), problem: useId() }
  const client = useQueryClient()
  const payload = jsonOf(text)
  const call = useMutation({
    mutationFn: (given: unknown) =>
      sendJson<{ output: unknown; ms: number }>('POST', `${pathOf(name)}/invoke`, {
        payload: given,
      }),
    onSettled: () =>
      Promise.all(
        ['function', 'function-runs', 'function-log'].map((key) =>
          client.invalidateQueries({ queryKey: [key] }),
        ),
      ),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (payload !== undefined) call.mutate(payload.value)
  }
  return (
    <form onSubmit={submit} aria-labelledby={ids.title} className="panel" noValidate>
      <h2 id={ids.title}>Call it</h2>
      <div className="field">
        <label htmlFor={ids.payload}>Payload</label>
        <textarea
          id={ids.payload}
          rows={5}
          spellCheck={false}
          value={text}
          aria-invalid={payload === undefined}
          aria-describedby={ids.problem}
          onChange={({ target }) => setText(target.value)}
        />
        <span id={ids.problem} className="problem">
          {payload === undefined && 'This is no JSON.'}
        </span>
      </div>
      <button type="submit" className="primary" disabled={call.isPending || payload === undefined}>
        {call.isPending ? 'Calling…' : 'Call'}
      </button>
      <div role="status">
        {call.data && (
          <>
            <p className="hint">It took {took(call.data.ms)}.</p>
            <Data title="Result" value={call.data.output} />
          </>
        )}
        {call.error && <p className="problem">{call.error.message}</p>}
      </div>
    </form>
  )
}

function Runs({ name }: { readonly name: string }) {
  const list = useList<FunctionRun>(['function-runs', name], `${pathOf(name)}/runs`)
  return (
    <section className="panel" aria-labelledby="runs">
      <h2 id="runs">Last runs</h2>
      <DataList
        list={list}
        caption="Last runs"
        idOf={({ idempotencyKey, at }) => `${at} ${idempotencyKey}`}
        empty={<Empty title="It has not been called yet">A step that calls it shows here.</Empty>}
        columns={{
          Time: ({ at }) => <Moment at={at} />,
          Took: ({ ms }) => took(ms),
          Outcome: ({ outcome }) => <Badge state={outcome === 'ok' ? 'completed' : 'failed'} />,
          'Idempotency key': ({ idempotencyKey }) => (
            <span className="mono" title={idempotencyKey}>
              {shortened(idempotencyKey)}
            </span>
          ),
          Log: ({ error, log }) => (
            <div>
              {error && <span className="problem">{error}</span>}
              {log.length > 0 && (
                <details>
                  <summary>
                    {log.length} {log.length === 1 ? 'line' : 'lines'}
                  </summary>
                  <pre>{log.map(({ text }) => text).join('\n')}</pre>
                </details>
              )}
            </div>
          ),
        }}
      />
    </section>
  )
}

/** What it wrote lately, as its provider tells it. */
function Log({ name }: { readonly name: string }) {
  const path = `${pathOf(name)}/logs?limit=100`
  const log = useThing<{ readonly items: readonly LogLine[] }>('function-log', path)
  const lines = (log.data?.items ?? []).map(({ at, level, text }) => `${at} ${level} ${text}`)
  return (
    <section className="panel" aria-labelledby="log">
      <h2 id="log">Log</h2>
      {log.isPending && <Loading what="the log" />}
      {log.isLoadingError && <Failure error={log.error} onRetry={() => void log.refetch()} />}
      {log.isSuccess && lines.length === 0 && <p className="hint">It has written nothing.</p>}
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0}>{lines.join('\n')}</pre>
      )}
    </section>
  )
}
