/** Talks to a server of the Model Context Protocol by its Streamable HTTP transport, one session for each call. */

import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '../../base/json-rpc.ts'
import type { HttpAnswer } from '../guarded-http.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import type { Fields } from './call-fields.ts'
import { type Endpoint, endpointOf, headersOf } from './http-call.ts'
import { isAnswer, rpcResult } from './json-rpc-messages.ts'
import { postRpc, type RpcPost, unanswered } from './json-rpc-post.ts'
import {
  agreedVersion,
  askId,
  askText,
  beginId,
  beginText,
  begunText,
  cancelText,
  type McpTalk,
  questionCounter,
  replyText,
} from './mcp-messages.ts'
import { EventReader } from './server-sent-events.ts'

/** What a session stands on. */
interface Ways {
  readonly http: AuthenticatedHttp
  readonly maxBytes: number
}

/** For the end of a session, which nobody waits for longer. */
const farewellMs = 1_000
/** Times that a stream without an answer is gone on with, and the pause before it unless the server names one. */
const [maxResumptions, resumptionMs] = [50, 1_000]

/**
 * Asks one question in a session of its own: `{endpoint, headers?}` of the transport.
 *
 * @throws WorkflowError as `call: http` does; `runtime` for an error that the server answers with
 */
export async function mcpOverHttp(fields: Fields, talk: McpTalk, ways: Ways): Promise<Json> {
  const untilMs = performance.now() + talk.timeoutMs
  const first = new McpSession(fields, talk, { ...ways, untilMs })
  try {
    return await first.run()
  } catch (error) {
    // The server has ended the session, and says that one begins another.
    if (!first.isLost(error)) throw error
    return await new McpSession(fields, talk, { ...ways, untilMs }).run()
  }
}

class McpSession {
  readonly #endpoint: Endpoint
  readonly #talk: McpTalk
  readonly #ways: Ways & { readonly untilMs: number }
  /** What the question bears; its key would make one of all messages. */
  readonly #askHeaders: Readonly<Record<string, string>>
  readonly #headers: Readonly<Record<string, string>>
  readonly #isQuestion = questionCounter()
  readonly #replies: Promise<unknown>[] = []
  #id: string | undefined
  #version: string | undefined
  #asking = false

  constructor(fields: Fields, talk: McpTalk, ways: Ways & { readonly untilMs: number }) {
    this.#endpoint = endpointOf(fields.endpoint, 'the transport of call: mcp')
    this.#talk = talk
    this.#ways = ways
    const { context } = talk
    this.#askHeaders = headersOf(fields.headers, { method: 'POST', type: undefined, context })
    const { 'idempotency-key': _key, ...others } = this.#askHeaders
    this.#headers = others
  }

  /** Whether a failure says that the session is gone. */
  isLost(error: unknown): boolean {
    return this.#id !== undefined && error instanceof WorkflowError && error.problem.status === 404
  }

  async run(): Promise<Json> {
    try {
      await this.#begin()
      this.#asking = true
      const result = await this.#ask(askText(this.#talk), askId, this.#askHeaders)
      this.#asking = false
      return result
    } catch (error) {
      if (this.#isLeftUnanswered(error)) await this.#tell(cancelText)
      throw error
    } finally {
      await Promise.all(this.#replies)
      if (this.#id !== undefined) await this.#farewell()
    }
  }

  async #begin(): Promise<void> {
    const found = await this.#ask(beginText(this.#talk), beginId, this.#headers)
    this.#version = agreedVersion(found)
    await this.#send({ text: begunText, hear: () => false })
  }

  /** Posts a question, and gives its result; a stream that ends before is gone on with where its last event was. */
  async #ask(text: string, id: number, headers: RpcPost['headers']): Promise<Json> {
    let found: Fields | undefined
    const hear = (message: Fields): boolean => {
      if (this.#isQuestion(message)) this.#replies.push(this.#tell(replyText(message)))
      else if (isAnswer(message, id)) found = message
      return found !== undefined
    }
    let reader = new EventReader()
    let sending = this.#send({ text, headers, hear, reader })
    for (let times = 0; ; times += 1) {
      const answer = await sending.catch((error): undefined => {
        // What was not heard of a stream that broke off may still be there.
        if (reader.lastId === undefined || !mayPass(error)) throw error
      })
      this.#id ??= answer?.headers['mcp-session-id']
      if (found !== undefined) return rpcResult(found, this.#subject(id))
      const { lastId, retryMs = resumptionMs } = reader
      if (lastId === undefined || times >= maxResumptions) {
        throw unanswered(this.#subject(id), answer)
      }
      const { signal } = this.#talk.context
      const pauseMs = Math.max(Math.min(retryMs, this.#leftMs()), 0)
      // Once it fires, the next question says so.
      await pause(pauseMs, undefined, { signal }).catch(() => {})
      reader = new EventReader(lastId)
      // A header has bytes, an id any characters.
      const last = { 'last-event-id': Buffer.from(lastId).toString('latin1') }
      sending = this.#send({
        ...{ method: 'GET', headers: { ...this.#headers, ...last } },
        ...{ hear, reader },
      })
    }
  }

  #subject(id: number): string {
    const { origin, pathname } = new URL(this.#endpoint.uri)
    return `${id === beginId ? 'initialize' : this.#talk.method} of ${origin}${pathname}`
  }

  /** Says something that nothing depends on. */
  async #tell(text: string): Promise<void> {
    const aside = { timeoutMs: farewellMs, signal: undefined, hear: () => false }
    await this.#send({ ...aside, text }).catch(() => {})
  }

  async #farewell(): Promise<void> {
    const aside = { timeoutMs: farewellMs, signal: undefined, hear: () => false }
    await this.#send({ ...aside, method: 'DELETE' }).catch(() => {})
  }

  #send(post: Pick<RpcPost, 'hear'> & Partial<RpcPost>): Promise<HttpAnswer> {
    const { maxBytes, http } = this.#ways
    const { method = 'POST', text, headers = this.#headers } = post
    const accept = method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream'
    return postRpc(http, {
      ...{ endpoint: this.#endpoint, maxBytes, timeoutMs: this.#leftMs(), method },
      signal: this.#talk.context.signal,
      ...post,
      headers: {
        ...headers,
        accept,
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#id === undefined ? {} : { 'mcp-session-id': this.#id }),
        ...(this.#version === undefined ? {} : { 'mcp-protocol-version': this.#version }),
      },
    })
  }

  #leftMs(): number {
    return this.#ways.untilMs - performance.now()
  }

  /** Whether the server may still be at work on what nobody waits for any more. */
  #isLeftUnanswered(error: unknown): boolean {
    if (!this.#asking) return false
    const isTooSlow = error instanceof WorkflowError && error.problem.status === 408
    return isTooSlow || this.#talk.context.signal.aborted
  }
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof WorkflowError &&
    error.code === 'workflow/communication' &&
    error.retry === 'later'
  )
}
