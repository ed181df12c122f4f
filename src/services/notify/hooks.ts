/** Posts to hooks: signed webhooks, and those of Slack and Discord. */

import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import type { GuardedHttp, HttpAnswer } from '../../workflow/guarded-http.ts'
import { signWebhook } from '../../workflow/webhook-signature.ts'
import {
  answerTimeoutMs,
  type Channel,
  channelError,
  fitted,
  mustSucceed,
  within,
} from './channel.ts'
import { escapeDiscord, escapeSlack } from './escapes.ts'

/** Addresses by name; `default` is for recipients that are no name of a hook. */
export type Hooks = Readonly<Record<string, string>>

/** What hooks need of the outer world. */
export interface HookWorld {
  readonly http: GuardedHttp
  readonly clock: Clock
}

/** Posts `{id, to, subject, body}`, signed if there is a secret. */
export function webhookChannel(
  { hooks, secret }: { readonly hooks: Hooks; readonly secret?: string | undefined },
  { http, clock }: HookWorld,
): Channel {
  return {
    async send({ id, to, subject, body }) {
      const text = JSON.stringify({ id, to, subject, body })
      const message = { id, body: text, timestampMs: clock.nowMs() }
      const signed = secret === undefined ? {} : signWebhook([secret], message)
      const headers = { 'idempotency-key': id, 'webhook-id': id, ...signed }
      const { answer, subject: what } = await post({
        http,
        hooks,
        to,
        text,
        headers,
        of: 'webhook',
      })
      mustSucceed(what, answer)
    },
  }
}

/** Longest text of a message. @see Slack, "Truncating content" */
const slackMost = 40_000

/** Incoming webhooks of Slack: `{text}`; 429 tells by `Retry-After` when to come again. */
export function slackChannel({ hooks }: { readonly hooks: Hooks }, { http }: HookWorld): Channel {
  return {
    async send({ to, subject, body, formatted }) {
      const title = `*${fitted(subject, 1_000, escapeSlack)}*\n`
      const own = `${title}${fitted(body, slackMost - title.length, escapeSlack)}`
      const text = JSON.stringify({ text: within(formatted, slackMost) ?? own })
      const { answer, subject: what } = await post({ http, hooks, to, text, of: 'hook' })
      mustSucceed(what, answer, { detail: answer.body.toString() })
    },
  }
}

/** Longest content of a message. @see Discord, "Execute Webhook" */
const discordMost = 2_000

/** Webhooks of Discord: `{content}`, nobody mentioned; 429 tells by `retry_after` (seconds) when to come again. */
export function discordChannel({ hooks }: { readonly hooks: Hooks }, { http }: HookWorld): Channel {
  return {
    async send({ to, subject, body, formatted }) {
      const title = `**${fitted(subject, 500, escapeDiscord)}**\n`
      const own = `${title}${fitted(body, discordMost - title.length, escapeDiscord)}`
      const content = within(formatted, discordMost) ?? own
      const text = JSON.stringify({ content, allowed_mentions: { parse: [] } })
      const { answer, subject: what } = await post({ http, hooks, to, text, of: 'hook' })
      const { message, retry_after: seconds } = jsonOf(answer) as {
        readonly message?: unknown
        readonly retry_after?: unknown
      }
      const retryAfterMs = typeof seconds === 'number' ? Math.ceil(seconds * 1_000) : undefined
      mustSucceed(what, answer, { detail: String(message ?? ''), retryAfterMs })
    },
  }
}

/** The JSON of an answer; nothing if it is none. */
export function jsonOf({ body }: HttpAnswer): object {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

interface Post {
  readonly http: GuardedHttp
  readonly hooks: Hooks
  readonly to: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
  readonly of: string
}

/** The address of a hook is its password: no message holds more than its origin. */
async function post({ http, hooks, to, text, headers = {}, of }: Post) {
  const url = Object.hasOwn(hooks, to) ? hooks[to] : hooks.default
  if (url === undefined) {
    const message = `there is no ${of} "${to}", and none of the name "default"`
    throw new AppError({ code: 'services/unknown-recipient', message })
  }
  const subject = `the ${of} at ${new URL(url).origin}`
  try {
    const answer = await http.request({
      ...{ url, method: 'POST', body: text, trusted: true, timeoutMs: answerTimeoutMs },
      headers: { 'content-type': 'application/json', ...headers },
    })
    return { answer, subject }
  } catch (error) {
    throw channelError(`${subject} failed: ${(error as Error).message}`, error)
  }
}
