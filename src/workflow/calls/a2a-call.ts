/** Does `call: a2a`. */

import { createHash } from 'node:crypto'
import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Agent, agentOf } from './agent-card.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  type CallContext,
  type Fields,
  fieldsOf,
  invalid,
  isFields,
  type OutsideCall,
  textOf,
} from './call-fields.ts'
import type { ExternalDocuments } from './external-documents.ts'
import { headersOf } from './http-call.ts'
import { isAnswer, rpcResult, rpcText } from './json-rpc-messages.ts'
import { postRpc, unanswered } from './json-rpc-post.ts'

/** What calls of agents stand on. */
export interface A2aOptions {
  readonly http: AuthenticatedHttp
  readonly documents: ExternalDocuments
  /** Agents think for a while. */
  readonly timeoutMs: number
  readonly maxAnswerBytes: number
}

/** Messages of a stream that one call gives. */
const maxMessages = 1_000
const streams = ['message/stream', 'tasks/resubscribe']

/**
 * `{method, agentCard | server, parameters?}`; gives the result of the method, for those that stream all results in their
 * order.
 *
 * @see the language's reference, "A2A Call"
 * @see Agent2Agent 0.3, sections 3.2.1, 3.3.1 and 7
 */
export function a2aCall(options: A2aOptions): OutsideCall {
  return async (input, context) => {
    const fields = fieldsOf(input, 'call: a2a')
    const method = textOf(fields, 'method', 'call: a2a')
    const id = uuidOf(`${context.idempotencyKey} request`)
    const params = parametersOf(fields.parameters, method, context)
    const agent = await agentOf(fields, options.documents, context.signal)
    const question = { method, id, text: rpcText(method, params, id) }
    const output = await asked(options, agent, { ...question, context })
    return { kind: 'done', output }
  }
}

interface Question {
  readonly method: string
  readonly id: string
  readonly text: string
  readonly context: CallContext
}

async function asked(
  { http, timeoutMs, maxAnswerBytes }: A2aOptions,
  agent: Agent,
  { method, id, text, context }: Question,
): Promise<Json> {
  const isStream = streams.includes(method)
  const headers = headersOf(undefined, { method: 'POST', type: 'application/json', context })
  const answers: Json[] = []
  if (!URL.canParse(agent.uri)) throw invalid('the address of an agent is no whole URL')
  const { origin, pathname } = new URL(agent.uri)
  const subject = `${method} of ${origin}${pathname}`
  const hear = (message: Fields): boolean => {
    if (!isAnswer(message, id)) return false
    const result = rpcResult(message, subject)
    if (answers.length >= maxMessages) throw tooMany(subject)
    answers.push(result)
    return !isStream || (isFields(result) && result.final === true)
  }
  const answer = await postRpc(http, {
    ...{ endpoint: agent, method: 'POST', text, timeoutMs, maxBytes: maxAnswerBytes },
    headers: {
      ...headers,
      accept: isStream ? 'text/event-stream, application/json' : 'application/json',
    },
    ...{ signal: context.signal, hear },
  }).catch((error: unknown) => {
    throw agent.isStranger ? explained(error, origin) : error
  })
  if (answers.length === 0) throw unanswered(subject, answer)
  return isStream ? answers : (answers[0] ?? null)
}

/** What a message lacks: who says it, and an id, which is the same for each attempt of a step. */
function parametersOf(
  given: Json | undefined,
  method: string,
  { idempotencyKey }: CallContext,
): Json | undefined {
  if (given === undefined) return undefined
  const parameters = fieldsOf(given, 'parameters')
  if (!/^message\/(send|stream)$/.test(method)) return parameters
  const defaults = { kind: 'message', role: 'user', messageId: uuidOf(`${idempotencyKey} message`) }
  return { ...parameters, message: { ...defaults, ...fieldsOf(parameters.message, 'message') } }
}

/** A UUID that is the same for the same text. @see RFC 9562, 5.8 */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** A refusal that is due to credentials that were kept back says so. */
function explained(error: unknown, origin: string): unknown {
  if (!(error instanceof WorkflowError)) return error
  const { status, title, detail } = error.problem
  if (status !== 401 && status !== 403) return error
  const why = `the card's authentication is for its own server, not for ${origin}, which can be called as "server"`
  const type = status === 401 ? 'authentication' : 'authorization'
  return new WorkflowError({ type, status, title, detail: `${detail}; ${why}`, cause: error })
}

function tooMany(subject: string): WorkflowError {
  const detail = `${subject} answered with over ${maxMessages} messages`
  return new WorkflowError({ type: 'runtime', title: 'Too many messages', detail })
}
