/** Turns failures of HTTP into errors of the workflow. */

import { AppError } from '../../base/app-error.ts'
import { type HttpAnswer, statusError } from '../guarded-http.ts'
import { type ProblemKind, WorkflowError } from '../workflow-error.ts'

const kinds: Readonly<Record<string, readonly [ProblemKind, number, string]>> = {
  'services/broker-away': ['communication', 503, 'No answer'],
  'services/message-refused': ['communication', 502, 'Refused message'],
  'services/slow-subscriber': ['communication', 503, 'Too many messages'],
  'workflow/http-timeout': ['timeout', 408, 'No answer in time'],
  'workflow/http-unreachable': ['communication', 503, 'No answer'],
  'workflow/http-busy': ['communication', 503, 'Too many questions'],
  'workflow/http-bad-answer': ['communication', 502, 'Unreadable answer'],
  'workflow/http-too-large': ['communication', 502, 'Too large an answer'],
  'workflow/http-redirects': ['communication', 502, 'Bad redirection'],
  'workflow/http-untrusted': ['communication', 502, 'Unproven server'],
  'workflow/http-bad-request': ['validation', 400, 'Bad request'],
  'workflow/http-bad-identity': ['configuration', 400, 'Unusable certificate'],
  'workflow/http-forbidden-host': ['configuration', 400, 'Forbidden host'],
}
/** Characters of an answer that an error shows. */
const shownCharacters = 300

/** What a question by HTTP, or a message, failed with, as the workflow sees it; an interruption and anything else stay. */
export function httpFailure(error: unknown): unknown {
  const kind = error instanceof AppError ? kinds[error.code] : undefined
  if (!(error instanceof AppError) || kind === undefined) return error
  const [type, status, title] = kind
  const { retry, message: detail } = error
  return new WorkflowError({ type, status, title, detail, retry, cause: error })
}

/**
 * An answer that is a failure, as the workflow sees it: 401 is `authentication`, 403 `authorization`, others
 * `communication`, each with the answer's status and the beginning of its text.
 *
 * @param subject - what was asked, without query and credentials
 */
export function answerFailure(subject: string, answer: HttpAnswer): WorkflowError {
  const { status } = answer
  const { retry, data, message } = statusError(subject, answer, Date.now())
  const type =
    status === 401 ? 'authentication' : status === 403 ? 'authorization' : 'communication'
  const said = textIn(answer)
  return new WorkflowError({
    ...{ type, status, retry, title: `Answer ${status}` },
    detail: said === '' ? message : `${message}: ${said}`,
    retryAfterMs: data.retryAfterMs as number | undefined,
  })
}

function textIn({ headers, body }: HttpAnswer): string {
  if (!/json|text|xml/.test(headers['content-type'] ?? '')) return ''
  const text = body.subarray(0, 4 * shownCharacters).toString('utf8')
  return text.replace(/\s+/g, ' ').trim().slice(0, shownCharacters)
}
