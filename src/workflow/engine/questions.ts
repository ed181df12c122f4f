/** Asks people or programs, and takes their answers. */

import { Ajv, type ValidateFunction } from 'ajv'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Page, PageQuery } from '../../base/page.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlRow, SqlSession, SqlStore } from '../../store/sql.ts'
import { Interrupted, type Question } from '../durable-context.ts'
import { keptJson } from '../kept-json.ts'
import type { AskedQuestion } from '../workflow.ts'
import { problemOf, WorkflowError } from '../workflow-error.ts'
import { jsonOf } from './instance-rows.ts'
import { errorOf, given } from './journal.ts'
import type { LiveRun } from './run-environment.ts'
import type { Scope } from './scope.ts'

/**
 * Asks, and gives the answer.
 *
 * @throws WorkflowError `timeout` at the deadline
 */
export async function askQuestion(
  run: LiveRun,
  scope: Scope,
  { key, question }: { key: string; question: Question },
): Promise<Json> {
  const known = run.journal.get(key)
  if (known !== undefined) return given(known)
  await run.admit(scope)
  run.asks = true
  const id = run.journal.idempotencyKeyOf(key).slice(2, 34)
  const open = await run.busy(() => opened(run, { id, key, question }))
  const find = async (nowMs: number): Promise<Open> => {
    if (open.deadlineAtMs !== undefined && nowMs >= open.deadlineAtMs) {
      const sql = `UPDATE questions SET status = 'expired' WHERE id = ? AND status = 'open'`
      await run.with.sql.run(sql, id)
    }
    const row = await run.with.sql.get('SELECT status, answer FROM questions WHERE id = ?', id)
    if (row?.status === 'open') return { isOpen: true }
    return row?.status === 'answered'
      ? { isOpen: false, answer: jsonOf(row.answer) ?? null }
      : { isOpen: false }
  }
  const reason = `${question.title} (${question.role ?? 'anybody'} is asked)`
  try {
    const { answer } = await run.wait({
      ...{ scope, untilMs: open.deadlineAtMs, step: key, reason, find },
      look: (_, __, found: Open) => (found.isOpen ? undefined : found),
    })
    return await journaled(run, { id, key, question, answer, askedAtMs: open.askedAtMs })
  } catch (error) {
    const sql = `UPDATE questions SET status = 'closed' WHERE id = ? AND status = 'open'`
    if (error instanceof Interrupted) run.add({ sql, values: [id] })
    throw error
  }
}

/** Whether a question is open, and its answer. */
interface Open {
  readonly isOpen: boolean
  readonly answer?: Json
}

async function opened(
  run: LiveRun,
  { id, key, question }: { id: string; key: string; question: Question },
): Promise<{ askedAtMs: number; deadlineAtMs: number | undefined }> {
  const row = await run.once(
    `${key}#asked`,
    async () => (await run.with.sql.get('SELECT * FROM questions WHERE id = ?', id)) ?? null,
  )
  if (row !== null) {
    // Another definition may ask it in other words.
    const text = keptJson(question, `the question of ${key}`)
    if (row.status === 'closed' || row.question !== text) {
      const sql = `UPDATE questions SET question = ?, status = CASE WHEN status = 'closed' THEN 'open' ELSE status END WHERE id = ?`
      run.add({ sql, values: [text, id] })
      await run.flush()
    }
    const deadlineAtMs = row.deadline_at_ms === null ? undefined : Number(row.deadline_at_ms)
    return { askedAtMs: Number(row.asked_at_ms), deadlineAtMs }
  }
  const askedAtMs = run.with.clock.nowMs()
  const deadlineAtMs =
    question.deadlineMs === undefined ? undefined : askedAtMs + question.deadlineMs
  run.add({
    sql: `INSERT INTO questions (id, instance_id, step, question, status, asked_at_ms, deadline_at_ms)
      VALUES (?, ?, ?, ?, 'open', ?, ?)`,
    values: [
      id,
      run.id,
      key,
      keptJson(question, `the question of ${key}`),
      askedAtMs,
      deadlineAtMs ?? null,
    ],
  })
  await run.flush()
  return { askedAtMs, deadlineAtMs }
}

async function journaled(
  run: LiveRun,
  one: { id: string; key: string; question: Question; answer: Json | undefined; askedAtMs: number },
): Promise<Json> {
  const { id, key, question, answer, askedAtMs } = one
  const answers = () => givenAnswers(run.with.sql, id)
  const by = (await run.once(`${key}#answers`, answers)) as unknown as Json
  const input: Json = { question: id, title: question.title, by }
  const line = {
    step: key,
    action: 'ask',
    attempt: 1,
    startedAtMs: askedAtMs,
    atMs: run.with.clock.nowMs(),
  }
  if (answer !== undefined) {
    const texts = { input: JSON.stringify(input), output: JSON.stringify(answer) }
    run.line({ ...line, ...texts, kind: 'completed' }, { input, output: answer })
    return answer
  }
  const detail = `nobody answered "${question.title}" in time`
  const problem = problemOf(
    new WorkflowError({ type: 'timeout', title: 'No answer in time', detail }),
    key,
  )
  run.line(
    { ...line, kind: 'failed', input: JSON.stringify(input), error: JSON.stringify(problem) },
    { input },
  )
  throw errorOf(problem)
}

/** How many wait for an answer. */
export async function openQuestions(sql: SqlStore): Promise<number> {
  const row = await sql.get("SELECT count(*) AS n FROM questions WHERE status = 'open'")
  return Number(row?.n ?? 0)
}

/** Questions, newest first. */
export function listQuestions(
  sql: SqlStore,
  { status, ...page }: PageQuery & { readonly status?: AskedQuestion['status'] | undefined },
): Promise<Page<AskedQuestion>> {
  return sequencePage(sql, {
    ...page,
    select: `SELECT * FROM questions WHERE ${status === undefined ? 'true' : 'status = ?'}`,
    values: status === undefined ? [] : [status],
    read: questionOf,
  }).then(async ({ items, ...rest }) => ({
    ...rest,
    items: await Promise.all(
      items.map(async (one) => ({ ...one, given: await givenAnswers(sql, one.id) })),
    ),
  }))
}

/**
 * Takes one answer, in a transaction; the question is answered once enough people have answered alike.
 *
 * @throws AppError `workflow/no-question`, `workflow/question-closed`, `workflow/bad-answer`
 */
export async function takeAnswer(
  session: SqlSession,
  { id, who, answer, nowMs }: { id: string; who: string; answer: Json; nowMs: number },
): Promise<void> {
  const row = await session.get('SELECT * FROM questions WHERE id = ?', id)
  if (row === undefined) throw refusal('no-question', `there is no question "${id}"`)
  const question = questionOf(row)
  if (question.status !== 'open') {
    throw refusal('question-closed', `the question "${question.title}" is ${question.status}`)
  }
  mustFit(question.form, answer)
  const text = canonical(answer)
  const sql = 'INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT (question_id, who) DO NOTHING'
  if ((await session.run(sql, id, who, text, nowMs)) === 0) {
    throw refusal('question-closed', `${who} has answered "${question.title}" already`)
  }
  const alike = await session.get(
    'SELECT count(*) AS n FROM answers WHERE question_id = ? AND answer = ?',
    ...[id, text],
  )
  if (Number(alike?.n ?? 0) < (question.answers ?? 1)) return
  await session.run(`UPDATE questions SET status = 'answered', answer = ? WHERE id = ?`, text, id)
  await session.run(
    `UPDATE instances SET nudge = nudge + 1, wake_at_ms = ? WHERE id = ? AND status IN ('running', 'waiting')`,
    ...[nowMs, question.instanceId],
  )
}

const ajv = new Ajv({ strict: false, allErrors: true })
const forms = new Map<string, ValidateFunction>()

function mustFit(form: Json | undefined, answer: Json): void {
  keptJson(answer, 'the answer')
  if (form === undefined || typeof form !== 'object' || form === null) return
  const text = JSON.stringify(form)
  const check = forms.get(text) ?? ajv.compile(form)
  if (forms.size < 100) forms.set(text, check)
  if (check(answer)) return
  throw refusal(
    'bad-answer',
    `the answer does not fit its form: ${ajv.errorsText(check.errors, { dataVar: 'answer' })}`,
  )
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`
}

async function givenAnswers(sql: SqlSession, id: string): Promise<AskedQuestion['given']> {
  const rows = await sql.all('SELECT * FROM answers WHERE question_id = ? ORDER BY at_ms', id)
  return rows.map((row) => ({
    ...{ who: String(row.who), answer: jsonOf(row.answer) ?? null, atMs: Number(row.at_ms) },
  }))
}

function questionOf(row: SqlRow): AskedQuestion {
  return {
    ...(JSON.parse(String(row.question)) as Question),
    ...{ id: String(row.id), instanceId: String(row.instance_id), step: String(row.step) },
    status: row.status as AskedQuestion['status'],
    askedAtMs: Number(row.asked_at_ms),
    deadlineAtMs: row.deadline_at_ms === null ? undefined : Number(row.deadline_at_ms),
    given: [],
  }
}

function refusal(what: string, message: string): AppError {
  return new AppError({ code: `workflow/${what}`, message })
}
