/** Notifies people: into the local outbox, and by webhook or mail where one is set. */

import { createTransport } from 'nodemailer'
import { AppError } from '../base/app-error.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { SqlRow, SqlStore } from '../store/sql.ts'
import { type GuardedHttp, statusError } from '../workflow/guarded-http.ts'
import type { StepContext, StepFunction } from '../workflow/workflow.ts'

/** One notification. */
export interface Notification {
  readonly id: string
  readonly instanceId: string
  readonly to: string
  readonly subject: string
  readonly body: string
  /** How it went out; the outbox holds all of them. */
  readonly channel: 'outbox' | 'webhook' | 'email'
  readonly atMs: number
}

/** Where notifications go besides the outbox. */
export interface NotificationOptions {
  readonly webhookUrl?: string | undefined
  readonly mail?:
    | { readonly smtpUrl: string; readonly from: string; readonly to: string }
    | undefined
  /** Longest wait for webhook or mail server; default 15,000. */
  readonly timeoutMs?: number
}

/** Sends and lists notifications. */
export interface Notifications {
  /** The step `notify.send`: `{to, subject, body}`. */
  readonly send: StepFunction
  list(query: PageQuery): Promise<Page<Notification>>
  /** Calls for each notification, after it is in the outbox. */
  subscribe(listener: (notification: Notification) => void): () => void
}

interface Post {
  readonly http: GuardedHttp
}

/** Longest texts, in characters. */
const bounds = { to: 320, subject: 300, body: 20_000 }

/** Notifications over a database with `servicesMigrations`. */
export function createNotifications(
  options: NotificationOptions,
  { sql, clock, http }: { readonly sql: SqlStore; readonly clock: Clock } & Post,
): Notifications {
  const listeners = new Set<(notification: Notification) => void>()
  const tell = (notification: Notification) => {
    for (const listener of listeners) listener(notification)
  }
  const channel = options.webhookUrl ? 'webhook' : options.mail ? 'email' : 'outbox'
  return {
    send: async (input, { instanceId, idempotencyKey, signal }) => {
      const id = idempotencyKey.slice(2, 34)
      const notification = {
        id,
        instanceId,
        ...textsOf(input),
        channel,
        atMs: clock.nowMs(),
      } as const
      if (options.webhookUrl) await post(options, notification, { idempotencyKey, signal, http })
      if (options.mail) await mail(options.mail, notification, options.timeoutMs)
      return {
        kind: 'done',
        output: { id, channel, to: notification.to },
        commit: async (session) => {
          const { to, subject, body, atMs } = notification
          const written = await session.run(
            `INSERT INTO notifications (id, instance_id, recipient, subject, body, channel, at_ms)
              VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
            ...[id, instanceId, to, subject, body, channel, atMs],
          )
          // The transaction has not ended yet: listeners hear of it in the next turn.
          if (written > 0) setImmediate(tell, notification)
        },
      }
    },
    list: (query) =>
      sequencePage(sql, {
        ...query,
        select: 'SELECT * FROM notifications WHERE true',
        read: notificationOf,
      }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function textsOf(input: Json): Record<'to' | 'subject' | 'body', string> {
  const fields = (input ?? {}) as { readonly [name: string]: Json }
  const text = (name: keyof typeof bounds) => {
    const value = fields[name]
    if (typeof value === 'string' && value !== '' && value.length <= bounds[name]) return value
    const message = `notify.send needs "${name}" as text of 1 to ${bounds[name]} characters`
    throw new AppError({ code: 'services/bad-notification', message })
  }
  return { to: text('to'), subject: text('subject'), body: text('body') }
}

async function post(
  { webhookUrl = '', timeoutMs = 15_000 }: NotificationOptions,
  notification: Notification,
  { idempotencyKey, signal, http }: Pick<StepContext, 'idempotencyKey' | 'signal'> & Post,
): Promise<void> {
  const { origin } = new URL(webhookUrl)
  const failed = ({ message, retry, data }: AppError) =>
    new AppError({
      code: 'services/webhook-failed',
      message: `the webhook failed: ${message}`,
      ...{ retry, data },
    })
  const { id, to, subject, body } = notification
  const answer = await http
    .request({
      ...{ url: webhookUrl, method: 'POST', trusted: true, timeoutMs, signal },
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify({ id, to, subject, body }),
    })
    .catch((error) => {
      throw failed(error)
    })
  if (answer.status < 200 || answer.status > 299)
    throw failed(statusError(origin, answer, Date.now()))
}

/** The message id stays the same for each attempt, by which mail servers know a repetition. */
async function mail(
  { smtpUrl, from, to }: NonNullable<NotificationOptions['mail']>,
  { id, to: about, subject, body }: Notification,
  timeoutMs = 15_000,
): Promise<void> {
  const waits = {
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  }
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const secure = protocol === 'smtps:'
  const auth = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const transport = createTransport({
    ...{ ...waits, host: hostname, port: Number(port) || (secure ? 465 : 587), secure },
    ...(username === '' ? {} : { auth }),
  })
  try {
    const text = `${body}\n\nAccount: ${about}`
    await transport.sendMail({ from, to, subject, text, messageId: `<${id}@quantumstream>` })
  } catch (cause) {
    const { responseCode = 0, message: reason } = cause as {
      responseCode?: number
      message: string
    }
    const message = `the mail server ${hostname} did not take the notification: ${reason}`
    const retry = responseCode >= 500 ? 'never' : 'later'
    throw new AppError({ code: 'services/mail-failed', message, retry })
  } finally {
    transport.close()
  }
}

function notificationOf(row: SqlRow): Notification {
  return {
    ...{ id: String(row.id), instanceId: String(row.instance_id), to: String(row.recipient) },
    ...{ subject: String(row.subject), body: String(row.body), atMs: Number(row.at_ms) },
    channel: row.channel as Notification['channel'],
  }
}
