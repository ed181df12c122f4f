/** Subcommands of `workflow` about what runs ask people: questions, answer. */

import { userInfo } from 'node:os'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listQuery, printPage } from '../api-lists.ts'
import type { Call } from '../command.ts'
import { badUsage, textOf } from '../flag-values.ts'
import { jsonArgument } from '../json-argument.ts'
import type { WorkflowActions } from './workflow-action.ts'

interface QuestionRow {
  readonly id: string
  readonly instanceId: string
  readonly title: string
  readonly role: string | null
  readonly status: string
  readonly answers: number
  readonly given: readonly { readonly who: string }[]
  readonly askedAt: string
  readonly deadlineAt: string | null
}

export const questionActions: WorkflowActions = {
  questions: {
    usage: '[--status open|answered|expired|closed]',
    does: 'What runs ask people, open ones unless said, newest first',
    words: [0, 0],
    run: questions,
  },
  answer: {
    usage: 'QUESTION --answer JSON|@FILE [--who NAME]',
    does: 'Answers a question; who answered is kept with it',
    words: [1, 1],
    run: answer,
  },
}

async function questions(call: Call): Promise<number> {
  const query = listQuery(call, { status: textOf(call, 'status') ?? 'open' })
  const page = await askApi<ApiPage<QuestionRow>>(await apiOrigin(call), `/v1/questions?${query}`)
  return printPage(call, page, {
    question: ({ id }) => id,
    title: ({ title }) => title,
    role: ({ role }) => role ?? '-',
    status: ({ status }) => status,
    answers: ({ given, answers }) => `${given.length} of ${answers}`,
    asked: ({ askedAt }) => askedAt,
    until: ({ deadlineAt }) => deadlineAt ?? '-',
    instance: ({ instanceId }) => instanceId,
  })
}

async function answer(call: Call, [id = '']: readonly string[]): Promise<number> {
  const text = textOf(call, 'answer')
  if (text === undefined) throw badUsage('workflow', `what is the answer? Give it by --answer JSON`)
  const body = {
    who: textOf(call, 'who') ?? userInfo().username,
    answer: await jsonArgument(text, 'answer'),
  }
  const path = `/v1/questions/${encodeURIComponent(id)}/answer`
  await askApi(await apiOrigin(call), path, { method: 'POST', body })
  console.log(`the answer of ${body.who} is taken`)
  return 0
}
