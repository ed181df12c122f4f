/** Lets people and programs start, stop, mend and answer runs of workflows. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Json } from '../../base/json-rpc.ts'
import type { DefinitionDesk } from '../../workflow/definition-desk.ts'
import type { AskedQuestion, WorkflowEngine } from '../../workflow/workflow.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { notFound } from './failures.ts'
import { bodyOf, posting, reading } from './route.ts'
import { InstanceShape, pageOf, pageQuery } from './shapes.ts'
import { instanceView, isoTime, pageView } from './views.ts'

const idParam = z.object({ id: z.string().max(200) })
const json = z.any().openapi({ description: 'Any JSON' })
const questionStatuses = ['open', 'answered', 'expired', 'closed'] as const

const QuestionShape = z
  .object({
    ...{ id: z.string(), instanceId: z.string(), step: z.string(), title: z.string() },
    ...{ kind: z.string(), status: z.enum(questionStatuses), role: z.string().nullable() },
    ...{ form: json, data: json, answers: z.number(), askedAt: z.string() },
    deadlineAt: z.string().nullable(),
    given: z.array(z.object({ who: z.string(), answer: json, at: z.string() })),
  })
  .openapi('Question')

/** Adds the routes. */
export function addOperatingRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const { engine, definitions } = from
  addStart(app, engine)
  addControls(app, engine)
  addMigration(app, engine)
  addReplay(app, engine, definitions)
  addQuestions(app, engine)
}

function addStart(app: OpenAPIHono, engine: WorkflowEngine): void {
  const body = z.object({
    input: json.optional(),
    id: z.string().min(1).max(200).optional().openapi({ description: 'The same id starts once' }),
    namespace: z.string().max(64).optional(),
    version: z.string().max(64).optional(),
  })
  const start = posting('/v1/workflows/{id}/run', {
    summary: 'Starts a workflow by its name, and gives the run before it has ended',
    answer: InstanceShape,
    request: { params: idParam, body: bodyOf(body) },
  })
  app.openapi(start, async (context) => {
    const { input = null, id, namespace, version } = context.req.valid('json')
    const workflow = {
      name: context.req.valid('param').id,
      ...(namespace === undefined ? {} : { namespace }),
      ...(version === undefined ? {} : { version }),
    }
    const traceparent = context.req.header('traceparent')
    const begun = await engine.begin(workflow, input as Json, {
      ...(id === undefined ? {} : { id }),
      traceparent,
    })
    return context.json(await found(engine, begun), 200)
  })
}

function addControls(app: OpenAPIHono, engine: WorkflowEngine): void {
  const controls = {
    cancel: {
      summary: 'Cancels a run; what it has done is undone where the workflow says how',
      body: z.object({ reason: z.string().max(1_000).optional() }),
      act: (id: string, { reason = 'by request' }: { reason?: string | undefined }) =>
        engine.cancel(id, reason),
    },
    pause: {
      summary: 'Lets a run rest; what is under way ends, and its result is kept',
      body: z.object({}),
      act: (id: string) => engine.pause(id),
    },
    resume: {
      summary: 'Lets a paused run go on',
      body: z.object({}),
      act: (id: string) => engine.resume(id),
    },
    retry: {
      summary:
        'Sets the journal aside from a step on, the first failed one unless named, and goes on',
      body: z.object({ step: z.string().max(1_000).optional() }),
      act: (id: string, { step }: { step?: string | undefined }) => engine.retry(id, step),
    },
  } as const
  for (const [what, { summary, body, act }] of Object.entries(controls)) {
    const route = posting(`/v1/instances/{id}/${what}`, {
      ...{ summary, answer: InstanceShape },
      request: { params: idParam, body: bodyOf(body as z.ZodType) },
    })
    app.openapi(route, async (context) => {
      const { id } = context.req.valid('param')
      await act(id, context.req.valid('json') as object)
      return context.json(await found(engine, id), 200)
    })
  }
}

function addMigration(app: OpenAPIHono, engine: WorkflowEngine): void {
  const migrate = posting('/v1/instances/{id}/migrate', {
    summary:
      'Lets a run that waits or is paused go on by another definition of its workflow, if its journal fits that',
    answer: InstanceShape,
    request: {
      params: idParam,
      body: bodyOf(
        z.object({
          definition: z.string().min(1).max(64).openapi({ description: 'Hash of a deployed one' }),
        }),
      ),
    },
  })
  app.openapi(migrate, async (context) => {
    const { id } = context.req.valid('param')
    await engine.migrate(id, context.req.valid('json').definition)
    return context.json(await found(engine, id), 200)
  })
}

function addReplay(app: OpenAPIHono, engine: WorkflowEngine, definitions: DefinitionDesk): void {
  const ReplayShape = z
    .object({
      next: z.array(z.object({ step: z.string(), action: z.string(), input: json })),
      differences: z.array(
        z.object({ step: z.string(), journaled: z.string(), asked: z.string().nullable() }),
      ),
      ...{ output: json, problem: json },
    })
    .openapi('Replay')
  const replay = posting('/v1/instances/{id}/replay', {
    summary: 'Runs a run again on its journal, with no effect outside: what it would do next',
    answer: ReplayShape,
    request: {
      params: idParam,
      body: bodyOf(
        z.object({
          definition: z.string().max(64).optional().openapi({ description: 'Hash of one' }),
          source: json.optional().openapi({ description: 'A definition that is not deployed' }),
        }),
      ),
    },
  })
  app.openapi(replay, async (context) => {
    const { id } = context.req.valid('param')
    const { definition, source } = context.req.valid('json')
    const other = source === undefined ? definition : await definitions.read(source as Json)
    const report = await engine.replay(id, other)
    const { output = null, problem = null } = report
    const next = report.next.map(({ input = null, ...one }) => ({ ...one, input }))
    const differences = report.differences.map(({ asked = null, ...one }) => ({ ...one, asked }))
    return context.json({ next, differences, output, problem }, 200)
  })
}

function addQuestions(app: OpenAPIHono, engine: WorkflowEngine): void {
  const list = reading('/v1/questions', {
    summary: 'What runs ask people and programs, newest first',
    answer: pageOf(QuestionShape),
    request: { query: z.object({ ...pageQuery, status: z.enum(questionStatuses).optional() }) },
  })
  app.openapi(list, async (context) => {
    const { status, ...query } = context.req.valid('query')
    const page = await engine.questions({ ...query, ...(status === undefined ? {} : { status }) })
    return context.json(await pageView(page, questionView), 200)
  })
  const answer = posting('/v1/questions/{id}/answer', {
    summary: 'Answers a question; who answered is kept with it',
    answer: z.object({ taken: z.literal(true) }),
    request: {
      params: idParam,
      body: bodyOf(z.object({ who: z.string().min(1).max(200), answer: json })),
    },
  })
  app.openapi(answer, async (context) => {
    const { who, answer: given = null } = context.req.valid('json')
    await engine.answer(context.req.valid('param').id, who, given as Json)
    return context.json({ taken: true as const }, 200)
  })
}

function questionView(question: AskedQuestion): z.infer<typeof QuestionShape> {
  const { id, instanceId, step, title, kind, status, answers = 1 } = question
  const { role = null, form = null, data = null, deadlineAtMs, askedAtMs } = question
  const given = question.given.map(({ atMs, ...one }) => ({ ...one, at: isoTime(atMs) }))
  const deadlineAt = deadlineAtMs === undefined ? null : isoTime(deadlineAtMs)
  return {
    ...{ id, instanceId, step, title, kind, status, role, form, data, answers },
    ...{ askedAt: isoTime(askedAtMs), deadlineAt, given },
  }
}

async function found(engine: WorkflowEngine, id: string) {
  const instance = await engine.get(id)
  if (instance === undefined) throw notFound(`instance "${id}"`)
  return instanceView(instance)
}
