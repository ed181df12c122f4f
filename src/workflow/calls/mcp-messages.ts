/** Knows what clients and servers of the Model Context Protocol say to each other, whatever it goes by. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type CallContext, type Fields, fieldsOf, isFields } from './call-fields.ts'
import { rpcText } from './json-rpc-messages.ts'

/** Revisions with a beginning by `initialize`, which the language asks for; the first is its default. */
export const mcpVersions = ['2025-06-18', '2025-11-25', '2025-03-26', '2024-11-05'] as const

/** What a call says to a server. */
export interface McpTalk {
  readonly method: string
  readonly parameters: Fields | undefined
  readonly version: (typeof mcpVersions)[number]
  /** Name and version, as servers are told. */
  readonly client: Fields
  readonly timeoutMs: number
  readonly context: CallContext
}

/** Ids of the two questions of a session. */
export const [beginId, askId] = [1, 2] as const

/** The first message of a session. This client offers nothing that a server could ask of it. */
export function beginText({ version, client }: McpTalk): string {
  const params = { protocolVersion: version, capabilities: {}, clientInfo: client }
  return rpcText('initialize', params, beginId)
}

/** What says that the session has begun. */
export const begunText = rpcText('notifications/initialized', undefined)

/** What takes the question back. */
export const cancelText = rpcText('notifications/cancelled', { requestId: askId })

/**
 * The question. One that may change something bears the step's key, which is the same for each attempt, and the trace;
 * members of the workflow's own `_meta` stand.
 */
export function askText({ method, parameters, context }: McpTalk): string {
  if (method !== 'tools/call') return rpcText(method, parameters, askId)
  const { idempotencyKey, traceparent } = context
  const meta = {
    'quantumstream/idempotency-key': idempotencyKey,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...fieldsOf(parameters?._meta, '_meta'),
  }
  return rpcText(method, { ...parameters, _meta: meta }, askId)
}

/** The revision that a server answers with. @throws WorkflowError `runtime` for one that is not spoken here */
export function agreedVersion(result: Json): string {
  const version = isFields(result) ? String(result.protocolVersion) : 'none'
  if (mcpVersions.some((known) => known === version)) return version
  const known = [...mcpVersions].sort().join(', ')
  const detail = `the server speaks version ${version.slice(0, 40)} of MCP; known here are ${known}`
  throw new WorkflowError({ type: 'runtime', title: 'Unknown version', detail })
}

/** What is answered to a question of the server's: it may see whether somebody is there, and gets nothing else. */
export function replyText({ method, id = null }: Fields): string {
  if (method === 'ping') return JSON.stringify({ jsonrpc: '2.0', id, result: {} })
  const error = { code: -32_601, message: 'this client offers nothing of that kind' }
  return JSON.stringify({ jsonrpc: '2.0', id, error })
}

/** Questions that a server may ask during one call. */
const maxQuestions = 100

/** Whether a message is a question, counted. @throws WorkflowError `runtime` for too many */
export function questionCounter(): (message: Fields) => boolean {
  let count = 0
  return (message) => {
    if (typeof message.method !== 'string' || message.id === undefined) return false
    count += 1
    if (count <= maxQuestions) return true
    const detail = `the server asks over ${maxQuestions} questions during one call`
    throw new WorkflowError({ type: 'runtime', title: 'Too many questions', detail })
  }
}
