/** Sends by a bot of Telegram, or of what speaks its interface. */

import type { GuardedHttp } from '../../workflow/guarded-http.ts'
import {
  answerTimeoutMs,
  type Channel,
  channelError,
  fitted,
  mustSucceed,
  within,
} from './channel.ts'
import { escapeTelegram } from './escapes.ts'
import { jsonOf } from './hooks.ts'

/** Longest text of a message. @see Bot API, "sendMessage" */
const textMost = 4_096

/**
 * `sendMessage` to a chat (its number, or `@name`), as MarkdownV2; 429 tells by `parameters.retry_after` when to come again.
 *
 * @param options - `token` of the bot, and `url` of the server of the interface
 */
export function telegramChannel(
  { token, url }: { readonly token: string; readonly url: string },
  { http }: { readonly http: GuardedHttp },
): Channel {
  const subject = `the bot interface at ${new URL(url).origin}`
  return {
    async send({ to, subject: title, body, formatted }) {
      const head = `*${fitted(title, 1_000, escapeTelegram)}*\n`
      const own = `${head}${fitted(body, textMost - head.length, escapeTelegram)}`
      const text = within(formatted, textMost) ?? own
      const message = { chat_id: to, text, parse_mode: 'MarkdownV2' }
      const answer = await http
        .request({
          ...{ url: `${url.replace(/\/$/, '')}/bot${token}/sendMessage`, method: 'POST' },
          ...{ trusted: true, timeoutMs: answerTimeoutMs, body: JSON.stringify(message) },
          headers: { 'content-type': 'application/json' },
        })
        .catch((error: Error) => {
          throw channelError(`${subject} failed: ${error.message.replaceAll(token, '…')}`, error)
        })
      const { description, parameters } = jsonOf(answer) as {
        readonly description?: unknown
        readonly parameters?: { readonly retry_after?: unknown }
      }
      const seconds = parameters?.retry_after
      const retryAfterMs = typeof seconds === 'number' ? seconds * 1_000 : undefined
      mustSucceed(subject, answer, { detail: String(description ?? ''), retryAfterMs })
    },
  }
}
