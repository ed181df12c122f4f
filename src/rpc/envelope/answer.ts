/** Answers JSON-RPC bodies, single requests and batches, within the limits. */

import type { Json } from '../../base/json-rpc.ts'
import type { RpcLimits } from '../limits.ts'
import {
  failure,
  invalidRequest,
  isList,
  parseJson,
  type RpcRequest,
  type RpcResponse,
  readRequest,
} from './request.ts'
import { errorCodes } from './rpc-error.ts'
import { JoinedText, WrittenJson, type WrittenText } from './written-text.ts'

/** Runs one request that is well formed; it never rejects. */
export type Respond = (request: RpcRequest) => Promise<RpcResponse>

/** What a body is answered with: nothing for notifications only. */
export type RpcAnswer = RpcResponse | readonly RpcResponse[] | undefined

/** Keeps answers in some form; once it is full, nothing more is run. */
interface Keeper<T> {
  keep(response: RpcResponse): T
  isFull(): boolean
}

/** Answers JSON, or JSON text, with JSON values. */
export async function answerJson(
  body: Json,
  limits: RpcLimits,
  respond: Respond,
): Promise<RpcAnswer> {
  const keeper: Keeper<RpcResponse> = { keep: withValues, isFull: () => false }
  const parsed = typeof body === 'string' ? parseJson(body) : { value: body }
  if ('refusal' in parsed) return parsed.refusal
  return answerWith(parsed.value, limits, { respond, keeper })
}

/** An answer as text; a large one is written only when it goes out. */
export type AnswerText = string | WrittenText

/** Answers text with text of bounded length; undefined where there is nothing to say. */
export async function answerText(
  text: string,
  limits: RpcLimits,
  respond: Respond,
): Promise<AnswerText | undefined> {
  const keeper = boundedText(limits.responseLength)
  const parsed = parseJson(text)
  if ('refusal' in parsed) return keeper.keep(parsed.refusal)
  const answer = await answerWith(parsed.value, limits, { respond, keeper })
  return isTexts(answer) ? listOf(answer) : answer
}

function isTexts(
  answer: AnswerText | readonly AnswerText[] | undefined,
): answer is readonly AnswerText[] {
  return Array.isArray(answer)
}

function listOf(texts: readonly AnswerText[]): AnswerText {
  if (texts.every((one) => typeof one === 'string')) return `[${texts.join(',')}]`
  const parts = texts.flatMap((one, at) => [at === 0 ? '[' : ',', one])
  return new JoinedText([...parts, ']'])
}

async function answerWith<T>(
  body: Json,
  limits: RpcLimits,
  { respond, keeper }: { respond: Respond; keeper: Keeper<T> },
): Promise<T | readonly T[] | undefined> {
  if (!isList(body)) return answerOne(body, respond, keeper)
  if (body.length === 0) return keeper.keep(invalidRequest('empty batch'))
  if (body.length > limits.batchItems) {
    const message = `batch too large: ${body.length} requests, at most ${limits.batchItems}`
    return keeper.keep(invalidRequest(message))
  }
  const answers: T[] = []
  for (let at = 0; at < body.length; ) {
    const together = body.slice(at, endOfRun(body, at))
    const answered = together.map((item) => answerOne(item, respond, keeper))
    for (const answer of await Promise.all(answered)) if (answer !== undefined) answers.push(answer)
    at += together.length
  }
  return answers.length === 0 ? undefined : answers
}

/** A method that keeps the order of asking by itself, and is quicker for many at a time. */
const ordered = 'eth_sendRawTransaction'
/** Most requests of a batch that are under way together. */
const mostTogether = 256

/** Where the requests end that can be under way together with the one at a place. */
function endOfRun(body: readonly Json[], start: number): number {
  const isOrdered = (at: number) => (body[at] as { method?: Json } | null)?.method === ordered
  let end = start + 1
  if (!isOrdered(start)) return end
  while (end < body.length && end - start < mostTogether && isOrdered(end)) end += 1
  return end
}

async function answerOne<T>(
  item: Json,
  respond: Respond,
  keeper: Keeper<T>,
): Promise<T | undefined> {
  const read = readRequest(item)
  if (read.kind === 'refused') return keeper.keep(read.response)
  const { request } = read
  const { id } = request
  if (keeper.isFull()) return id === undefined ? undefined : keeper.keep(tooLarge(id))
  const response = await respond(request)
  return id === undefined ? undefined : keeper.keep(response)
}

/** Counts the length of what it keeps; an answer that would pass the limit is told as an error. */
function boundedText(limit: number): Keeper<AnswerText> {
  let length = 0
  return {
    keep(response) {
      const text = textOf(response)
      length += text.length
      return length <= limit ? text : JSON.stringify(tooLarge(response.id))
    },
    isFull: () => length > limit,
  }
}

function withValues(response: RpcResponse): RpcResponse {
  const isWritten = 'result' in response && response.result instanceof WrittenJson
  return isWritten ? { ...response, result: response.result.values() } : response
}

function textOf(response: RpcResponse): AnswerText {
  if (!('result' in response && response.result instanceof WrittenJson))
    return JSON.stringify(response)
  const { id, result } = response
  return new JoinedText([`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, result, '}'])
}

function tooLarge(id: RpcResponse['id']): RpcResponse {
  const message = 'response too large: ask for less at a time'
  return failure(id, { code: errorCodes.responseTooLarge, message })
}
