/** Writes and reads messages of JSON-RPC 2.0 as protocols over it use them. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Fields, isFields } from './call-fields.ts'

/** Characters of an error's data that the workflow is told. */
const shownCharacters = 300

/** A question as it is sent; without an id it is a notification. */
export function rpcText(
  method: string,
  params: Json | undefined,
  id?: string | number | undefined,
): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    method,
    ...(params === undefined ? {} : { params }),
  })
}

/** The messages in a text: one, or a list of them; `undefined` where there are none. */
export function rpcMessages(text: string): readonly Fields[] | undefined {
  try {
    const value = JSON.parse(text) as Json
    const all = Array.isArray(value) ? value : [value]
    return all.length > 0 && all.every(isFields) ? all : undefined
  } catch {
    return undefined
  }
}

/** Whether a message answers the question of an id; an error without one can only be meant for it. */
export function isAnswer(message: Fields, id: string | number): boolean {
  if (message.method !== undefined) return false
  const isMeant = message.id === id || (message.id === null && isError(message))
  return isMeant && (message.result !== undefined || isError(message))
}

/**
 * The result of an answer.
 *
 * @param subject - what was asked of whom, for the error
 * @throws WorkflowError `runtime` with code, text and data of an error
 */
export function rpcResult(message: Fields, subject: string): Json {
  if (!isError(message)) return message.result ?? null
  const { code, message: said, data } = isFields(message.error) ? message.error : {}
  const more = data === undefined || data === null ? '' : `: ${shown(data)}`
  throw new WorkflowError({
    ...{ type: 'runtime', title: `JSON-RPC error ${String(code)}` },
    detail: `${subject} failed: ${shown(said ?? 'no reason')} (${String(code)})${more}`,
  })
}

/** Some servers write `error: null` beside a result. */
function isError({ error }: Fields): boolean {
  return error !== undefined && error !== null
}

function shown(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(/\s+/g, ' ').trim().slice(0, shownCharacters)
}
