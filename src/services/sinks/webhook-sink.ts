/** Posts messages to a webhook, each signed. */

import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import { type GuardedHttp, statusError } from '../../workflow/guarded-http.ts'
import { signWebhook } from '../../workflow/webhook-signature.ts'
import { placeOf, refused } from '../brokers/broker.ts'
import type { Sink, SinkMessage } from '../sink.ts'
import { sendByKey } from './by-key.ts'
import type { OptionsOf } from './sink-options.ts'

/** Questions that are under way at a time. */
const mostAtOnce = 16
/** Answers by which a server says that it is not there now. */
const awayStatuses = [408, 425, 429, 502, 503, 504]

/** What it needs of the outer world. */
interface WebhookWorld {
  readonly http: GuardedHttp
  readonly clock: Clock
}

/**
 * Posts CloudEvents in structured mode, each on its own; an answer of 2xx takes one, 4xx and 500 refuse it, others mean that
 * the server is away.
 */
export function webhookSink(
  { url, secret, headers }: OptionsOf<'webhook'>,
  { http, clock }: WebhookWorld,
): Sink {
  const place = placeOf(url)
  const post = async ({ id, payload: body }: SinkMessage) => {
    const message = { id, body, timestampMs: clock.nowMs() }
    const signed = secret === undefined ? { 'webhook-id': id } : signWebhook([secret], message)
    const answer = await http.request({
      ...{ url, method: 'POST', body, trusted: true },
      headers: { ...headers, 'content-type': 'application/cloudevents+json', ...signed },
    })
    if (answer.status >= 200 && answer.status < 300) return
    const error = statusError(place, answer, clock.nowMs())
    throw awayStatuses.includes(answer.status) ? error : refused(place, error)
  }
  return {
    send: (messages) =>
      sendByKey(messages, mostAtOnce, (message) =>
        post(message).catch((error: unknown) => {
          const isOfMessage = error instanceof AppError && error.code === 'workflow/http-too-large'
          throw isOfMessage ? refused(place, error) : error
        }),
      ),
    close: async () => {},
  }
}
