/** Shows what runs ask people: approvals with their forms, and who decided what. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { sendJson } from '../api/client.ts'
import { useList } from '../api/questions.ts'
import type { Question } from '../api/shapes.ts'
import { SchemaForm } from '../forms/schema-form.tsx'
import { Data } from '../parts/data.tsx'
import { shortened } from '../parts/identifier.tsx'
import { Moment, untilText, useNow } from '../parts/moment.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { useWho } from '../parts/who.tsx'
import { Link, navigate, useLocation } from '../router.tsx'

const statuses = ['open', 'answered', 'expired', 'closed'] as const
/** Milliseconds between two looks. */
const lookMs = 3_000

/** Questions of one status, the open ones first of all. */
export function QuestionsPage() {
  const given = useLocation().query.get('status') ?? 'open'
  const status = statuses.find((one) => one === given) ?? 'open'
  const list = useList<Question>(['questions', status], `/v1/questions?status=${status}`, lookMs)
  const { who, field } = useWho()
  return (
    <section className="panel">
      <div className="field inline">
        <label htmlFor="status">Status</label>
        <select
          id="status"
          value={status}
          onChange={({ target }) => navigate(`/questions?status=${target.value}`)}
        >
          {statuses.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      {status === 'open' && field}
      <QuestionList list={list} status={status} who={who} />
    </section>
  )
}

interface QuestionListProps {
  readonly list: ReturnType<typeof useList<Question>>
  readonly status: string
  readonly who: string
}

function QuestionList({ list, status, who }: QuestionListProps) {
  if (list.isPending) return <Loading what="questions" />
  if (list.isLoadingError) return <Failure error={list.error} onRetry={() => void list.refetch()} />
  const items = list.data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <Empty title={status === 'open' ? 'Nobody is asked anything' : `None is ${status}`}>
        A step that calls <code>human.approve</code> asks here, and its run waits for the answer.
      </Empty>
    )
  }
  return (
    <>
      <ul className="cards">
        {items.map((one) => (
          <li key={one.id}>
            <QuestionCard question={one} who={who} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <button type="button" onClick={() => void list.fetchNextPage()}>
          Load more
        </button>
      )}
    </>
  )
}

function QuestionCard({ question, who }: { readonly question: Question; readonly who: string }) {
  const { title, status, instanceId, role, deadlineAt, askedAt, answers, given, data } = question
  const now = useNow()
  return (
    <article aria-label={title} className="question">
      <h2>{title}</h2>
      <dl className="facts">
        <dt>Status</dt>
        <dd>
          <Badge state={status} />
        </dd>
        <dt>Run</dt>
        <dd>
          <Link href={`/instances/${instanceId}`} className="mono">
            {shortened(instanceId)}
          </Link>
        </dd>
        <dt>For the role</dt>
        <dd>{role ?? 'anybody'}</dd>
        <dt>Asked</dt>
        <dd>
          <Moment at={askedAt} />
        </dd>
        <dt>Deadline</dt>
        <dd>
          {deadlineAt === null ? (
            'none'
          ) : status === 'open' ? (
            untilText(Date.parse(deadlineAt) - now)
          ) : (
            <Moment at={deadlineAt} />
          )}
        </dd>
        <dt>Decided by</dt>
        <dd>
          {given.length} of {answers}
          {given.length > 0 && (
            <ul className="plain">
              {given.map((one) => (
                <li key={one.who}>
                  <strong>{one.who}</strong> <Moment at={one.at} />:{' '}
                  <code>{JSON.stringify(one.answer)}</code>
                </li>
              ))}
            </ul>
          )}
        </dd>
      </dl>
      {data !== null && data !== undefined && <Data title="What it is about" value={data} />}
      {status === 'open' && <AnswerForm question={question} who={who} />}
    </article>
  )
}

function AnswerForm({ question, who }: { readonly question: Question; readonly who: string }) {
  const client = useQueryClient()
  const answer = useMutation({
    mutationFn: (given: unknown) =>
      sendJson('POST', `/v1/questions/${question.id}/answer`, { who, answer: given }),
    onSettled: () => client.invalidateQueries({ queryKey: ['questions'] }),
  })
  return (
    <SchemaForm
      form={question.form}
      label={`Answer ${question.title}`}
      submit={answer.isPending ? 'Answering…' : 'Answer'}
      disabled={answer.isPending || who === ''}
      onSubmit={(given) => answer.mutate(given)}
    >
      {who === '' && <p className="hint">Write your name above first.</p>}
      <div role="status">
        {answer.isSuccess && <p className="hint">Your answer was taken.</p>}
        {answer.error && <p className="problem">{answer.error.message}</p>}
      </div>
    </SchemaForm>
  )
}
