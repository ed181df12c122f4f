/** Posts messages of JSON-RPC by HTTP, and hears what comes back: one document, or server-sent events. */

import type { HttpAnswer } from '../guarded-http.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import type { Fields } from './call-fields.ts'
import { answerFailure } from './failures.ts'
import type { Endpoint } from './http-call.ts'
import { rpcMessages } from './json-rpc-messages.ts'
import { EventReader } from './server-sent-events.ts'

/** A message and who hears the answers. */
export interface RpcPost {
  readonly endpoint: Endpoint
  /** Without a text a stream is asked for by GET, or a session ended by DELETE. */
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly text?: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal?: AbortSignal | undefined
  /** Hears each message in its order; true ends the answer there. What it throws ends the question. */
  readonly hear: (message: Fields) => boolean
  /** Knows afterwards where a stream can be gone on with. */
  readonly reader?: EventReader
}

/**
 * Sends a message.
 *
 * @throws WorkflowError as `call: http` does, for answers that are failures, too
 */
export async function postRpc(http: AuthenticatedHttp, post: RpcPost): Promise<HttpAnswer> {
  const { endpoint, hear, reader = new EventReader(), text, signal, method } = post
  let isOver = false
  const tell = (found: string): boolean => {
    const { origin } = new URL(endpoint.uri)
    for (const message of rpcMessages(found) ?? refuse(origin)) {
      isOver ||= hear(message)
    }
    return isOver
  }
  const answer = await http.request(endpoint.authentication, {
    ...{ url: endpoint.uri, method, timeoutMs: post.timeoutMs, maxBytes: post.maxBytes },
    // A packed stream could be read at its end only.
    headers: { ...post.headers, 'accept-encoding': 'identity' },
    ...(text === undefined ? {} : { body: text }),
    ...(signal === undefined ? {} : { signal }),
    redirect: 'follow',
    watch: (chunk, head) => isStream(head) && !isPacked(head) && reader.push(chunk).some(tell),
  })
  if (answer.status < 200 || answer.status > 299) {
    const { origin, pathname } = new URL(answer.url)
    throw answerFailure(`${method} ${origin}${pathname}`, answer)
  }
  if (isStream(answer)) {
    if (isPacked(answer)) reader.push(answer.body).some(tell)
  } else if (answer.body.length > 0 && isJson(answer)) tell(answer.body.toString('utf8'))
  return answer
}

type Head = Pick<HttpAnswer, 'status' | 'headers'>

function isStream({ status, headers }: Head): boolean {
  return status === 200 && /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
}

function isPacked({ headers }: Head): boolean {
  return !['', 'identity'].includes((headers['content-encoding'] ?? '').toLowerCase())
}

function isJson({ headers }: Head): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '')
}

function refuse(origin: string): never {
  throw new WorkflowError({
    ...{ type: 'communication', status: 502, title: 'Unreadable answer' },
    detail: `${origin} answers with something that is no message of JSON-RPC`,
  })
}

/** The error for an answer without the message that was waited for; a stream of which may have been cut off. */
export function unanswered(subject: string, answer: HttpAnswer | undefined): WorkflowError {
  const wasCut = answer === undefined || isStream(answer)
  return new WorkflowError({
    ...{
      type: 'communication',
      status: 502,
      title: 'No result',
      retry: wasCut ? 'later' : 'never',
    },
    detail: `the answer to ${subject} ended without a result`,
  })
}
