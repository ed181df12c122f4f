/** Does `call: asyncapi`. */

import type { Json } from '../../base/json-rpc.ts'
import { durationMs } from '../language/durations.ts'
import type { MessageClients } from '../message-clients.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type AsyncApiPlace, asyncApiPlace } from './asyncapi-document.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  type CallContext,
  type Fields,
  fieldsOf,
  invalid,
  type OutsideCall,
  optionalText,
} from './call-fields.ts'
import { documentValue, type ExternalDocuments } from './external-documents.ts'
import { httpFailure } from './failures.ts'
import { bodyOf, type HttpCallBounds, headersOf } from './http-call.ts'
import { outputOf } from './http-output.ts'
import { consumeMessages } from './message-consumption.ts'

/** What messages go by. */
export interface AsyncApiOptions {
  readonly http: AuthenticatedHttp
  readonly documents: ExternalDocuments
  /** Without them there is only HTTP. */
  readonly messages: MessageClients | undefined
  readonly bounds: HttpCallBounds
}

/**
 * `{document, operation | channel, server?, protocol?, message | subscription, authentication?}`. Publishing gives the
 * message's id, by HTTP the content of the answer; a subscription gives its messages in their order. `foreach` of a
 * subscription is not looked at here.
 *
 * @see the language's reference, "AsyncAPI Call"
 */
export function asyncapiCall(options: AsyncApiOptions): OutsideCall {
  return async (input, context) => {
    const fields = fieldsOf(input, 'call: asyncapi')
    const { signal } = context
    const { uri, value } = await options.documents.read(fields.document, 'an AsyncAPI document', {
      read: (found) => ({ uri: found.uri, value: documentValue(found) }),
      signal,
    })
    const place = asyncApiPlace(value, uri, {
      channel: optionalText(fields, 'channel', 'call: asyncapi'),
      operation: optionalText(fields, 'operation', 'call: asyncapi'),
      protocol: optionalText(fields, 'protocol', 'call: asyncapi'),
      server: fieldsOf(fields.server, 'server'),
    })
    if ((fields.message === undefined) === (fields.subscription === undefined))
      throw invalid('call: asyncapi needs either "message" or "subscription"')
    const output =
      fields.message === undefined
        ? await consumed(options, place, { fields, signal })
        : await published(options, place, { fields, context })
    return { kind: 'done', output }
  }
}

async function published(
  { http, messages, bounds }: AsyncApiOptions,
  place: AsyncApiPlace,
  { fields, context }: { readonly fields: Fields; readonly context: CallContext },
): Promise<Json> {
  const { authentication } = fields
  const { payload = null, headers } = fieldsOf(fields.message, 'message')
  const written = bodyOf(payload, undefined)
  if (place.protocol === 'http' || place.protocol === 'https') {
    const url = `${place.server.replace(/\/$/, '')}/${place.channel.replace(/^\//, '')}`
    const sent = headersOf(headers, { method: 'POST', type: written.type, context })
    const answer = await http.request(authentication, {
      ...{ url, method: 'POST', headers: sent, signal: context.signal },
      ...(written.body === undefined ? {} : { body: written.body }),
      ...{ timeoutMs: bounds.timeoutMs, maxBytes: bounds.maxAnswerBytes },
    })
    const asked = { method: 'POST', uri: url, headers: sent }
    return outputOf(answer, asked, { output: 'content', redirect: false })
  }
  const texts = fieldsOf(headers, 'headers of the message')
  await clientsFor(place, messages)
    .publish({
      ...{ ...place, authentication, id: context.idempotencyKey, signal: context.signal },
      payload: Buffer.from(written.body ?? ''),
      contentType: written.type ?? 'application/json',
      headers: Object.fromEntries(
        Object.keys(texts).map((name) => [name, optionalText(texts, name, 'headers') ?? '']),
      ),
    })
    .catch((error) => {
      throw httpFailure(error)
    })
  return { id: context.idempotencyKey }
}

async function consumed(
  { messages }: AsyncApiOptions,
  place: AsyncApiPlace,
  { fields, signal }: { readonly fields: Fields; readonly signal: AbortSignal },
): Promise<Json> {
  const clients = clientsFor(place, messages)
  const subscription = fieldsOf(fields.subscription, 'subscription')
  const consume = fieldsOf(subscription.consume, 'consume')
  const forMs = consume.for === undefined ? undefined : durationMs(consume.for)
  if (consume.for !== undefined && forMs === undefined)
    throw invalid('"for" of a subscription is no duration')
  const over = new AbortController()
  const timer = forMs === undefined ? undefined : setTimeout(() => over.abort(), forMs)
  try {
    return await consumeMessages(
      clients.subscribe({
        ...{ ...place, authentication: fields.authentication },
        signal: AbortSignal.any([signal, over.signal]),
      }),
      { subscription, variables: fieldsOf(fields.variables, 'variables'), signal },
    )
  } catch (error) {
    throw httpFailure(error)
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

function clientsFor(
  { protocol }: AsyncApiPlace,
  messages: MessageClients | undefined,
): MessageClients {
  if (messages !== undefined) return messages
  const detail = `messages of the protocol "${protocol}" cannot be sent or awaited here`
  throw new WorkflowError({ type: 'configuration', title: 'Unknown protocol', detail })
}
