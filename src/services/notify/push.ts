/** Sends to browsers by Web Push, and keeps who has subscribed. */

import { createHash } from 'node:crypto'
import { AppError } from '../../base/app-error.ts'
import type { Clock } from '../../base/clock.ts'
import { sequencePage } from '../../store/sequence-page.ts'
import type { SqlRow, SqlStore } from '../../store/sql.ts'
import type { GuardedHttp } from '../../workflow/guarded-http.ts'
import type { PushSubscriber, PushSubscriptions } from '../notification.ts'
import { answerTimeoutMs, type Channel, channelError, type Letter, mustSucceed } from './channel.ts'

/** What the channel needs. */
interface PushWorld {
  readonly sql: SqlStore
  readonly clock: Clock
  readonly http: GuardedHttp
}

/** Subscriptions of one subscriber; of all together. */
const [mostOfOne, mostOfAll] = [20, 100_000]
/** Largest encrypted message that a push service must take (RFC 8030, 7.2), less what encryption adds. */
const mostBytes = 4_096 - 103
/** How long a push service keeps what a browser cannot take now: one day. */
const keptSeconds = 86_400

interface Keys {
  readonly publicKey: string
  readonly privateKey: string
}

/**
 * Web Push.
 *
 * @param contact - `mailto:` or https address of whoever runs this, which push services are told (RFC 8292, 2.1); absent
 *   where the channel is not set up
 */
export class WebPush implements Channel, PushSubscriptions {
  readonly #contact: string | undefined
  readonly #with: PushWorld
  #keys: Promise<Keys> | undefined

  constructor(contact: string | undefined, world: PushWorld) {
    this.#contact = contact
    this.#with = world
  }

  async publicKey(): Promise<string> {
    if (this.#contact === undefined) {
      const message =
        'Web Push is not set up: give "push" with a "contact" in the section "notifications"'
      throw new AppError({ code: 'services/channel-not-set', message })
    }
    return (await this.#ownKeys()).publicKey
  }

  list: PushSubscriptions['list'] = (query) =>
    sequencePage(this.#with.sql, {
      ...{ ...query, select: 'SELECT * FROM push_subscriptions WHERE seq > 0' },
      read: subscriberOf,
    })

  add: PushSubscriptions['add'] = async (subscriber, { endpoint, keys }) => {
    const isPoint = Buffer.from(keys.p256dh, 'base64url').length === 65
    const isSecret = Buffer.from(keys.auth, 'base64url').length === 16
    const isAddress = URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)
    if (subscriber === '' || subscriber.length > 320 || !isPoint || !isSecret || !isAddress) {
      const message =
        'a subscription needs a subscriber, an https address, a key of 65 bytes and a secret of 16'
      throw new AppError({ code: 'services/bad-subscription', message })
    }
    const { sql, clock } = this.#with
    const id = createHash('sha256').update(endpoint).digest('hex').slice(0, 32)
    const atMs = clock.nowMs()
    const written = await sql.run(
      `INSERT INTO push_subscriptions (id, subscriber, endpoint, p256dh, auth, at_ms)
        SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)
        WHERE (SELECT count(*) FROM push_subscriptions WHERE subscriber = ? AND id <> ?) < ?
          AND (SELECT count(*) FROM push_subscriptions) < ?
        ON CONFLICT (id) DO UPDATE SET subscriber = excluded.subscriber, p256dh = excluded.p256dh, auth = excluded.auth`,
      ...[id, subscriber, endpoint, keys.p256dh, keys.auth, atMs],
      ...[subscriber, id, mostOfOne, mostOfAll],
    )
    if (written === 0) {
      const message = `a subscriber has at most ${mostOfOne} subscriptions, all together ${mostOfAll}`
      throw new AppError({ code: 'services/too-many-subscriptions', message })
    }
    return { id, subscriber, service: new URL(endpoint).host, atMs }
  }

  remove: PushSubscriptions['remove'] = async (id) =>
    (await this.#with.sql.run('DELETE FROM push_subscriptions WHERE id = ?', id)) > 0

  /** To all browsers of a subscriber; those that have it are not asked again. */
  async send(letter: Letter): Promise<void> {
    const rows = await this.#with.sql.all(
      'SELECT * FROM push_subscriptions WHERE subscriber = ? ORDER BY seq LIMIT 100',
      letter.to,
    )
    const done = [...letter.done]
    const failures: AppError[] = []
    for (const row of rows) {
      if (done.includes(String(row.id))) continue
      try {
        if (await this.#push(row, letter)) done.push(String(row.id))
      } catch (error) {
        failures.push(error as AppError)
      }
    }
    const [failure] = failures.toSorted(
      (a, b) => Number(a.retry === 'never') - Number(b.retry === 'never'),
    )
    if (failure) {
      const data = { ...failure.data, done }
      const { message, retry } = failure
      throw new AppError({ code: 'services/not-sent', message, cause: failure, retry, data })
    }
    if (done.length > 0) return
    const message = `no browser is subscribed as "${letter.to}"`
    throw new AppError({ code: 'services/unknown-recipient', message })
  }

  /** Whether the service took it; a subscription that is over is removed. */
  async #push(row: SqlRow, letter: Letter): Promise<boolean> {
    const { endpoint } = row
    const subject = `the push service ${new URL(String(endpoint)).host}`
    // Its library is loaded by those who send by it.
    const { default: webPush } = await import('web-push')
    const { publicKey, privateKey } = await this.#ownKeys()
    const keys = { p256dh: String(row.p256dh), auth: String(row.auth) }
    const { headers, body } = webPush.generateRequestDetails(
      { endpoint: String(endpoint), keys },
      payloadOf(letter),
      {
        vapidDetails: { subject: this.#contact ?? '', publicKey, privateKey },
        ...{ TTL: keptSeconds, contentEncoding: 'aes128gcm' },
      },
    )
    const { 'Content-Length': _, ...rest } = headers as Record<string, string | number>
    const answer = await this.#with.http
      .request({
        ...{ url: String(endpoint), method: 'POST', timeoutMs: answerTimeoutMs },
        headers: Object.fromEntries(
          Object.entries(rest).map(([name, value]) => [name, `${value}`]),
        ),
        ...(body === null ? {} : { body }),
      })
      .catch((error: Error) => {
        throw channelError(`${subject} failed: ${error.message}`, error)
      })
    if (answer.status === 404 || answer.status === 410) {
      await this.remove(String(row.id))
      return false
    }
    mustSucceed(subject, answer)
    return true
  }

  /** Made at the first use, and kept: browsers trust this key alone. */
  #ownKeys(): Promise<Keys> {
    this.#keys ??= this.#readKeys().catch((error: unknown) => {
      this.#keys = undefined
      throw error
    })
    return this.#keys
  }

  async #readKeys(): Promise<Keys> {
    const { sql } = this.#with
    const find = () => sql.get("SELECT * FROM push_keys WHERE name = 'vapid'")
    let row = await find()
    if (row === undefined) {
      const { default: webPush } = await import('web-push')
      const { publicKey, privateKey } = webPush.generateVAPIDKeys()
      await sql.run(
        `INSERT INTO push_keys (name, public_key, private_key) VALUES ('vapid', ?, ?)
          ON CONFLICT (name) DO NOTHING`,
        ...[publicKey, privateKey],
      )
      row = await find()
    }
    return { publicKey: String(row?.public_key), privateKey: String(row?.private_key) }
  }
}

/** `{id, title, body}`, cut to what fits. */
function payloadOf({ id, subject: title, body }: Letter): string {
  const textOf = (length: number) => {
    const cut = length < body.length ? `${body.slice(0, length)}…` : body
    return JSON.stringify({ id, title, body: cut })
  }
  let length = Math.min(body.length, mostBytes)
  while (Buffer.byteLength(textOf(length)) > mostBytes) length = Math.floor(length * 0.9)
  return textOf(length)
}

function subscriberOf(row: SqlRow): PushSubscriber {
  return {
    ...{ id: String(row.id), subscriber: String(row.subscriber), atMs: Number(row.at_ms) },
    service: new URL(String(row.endpoint)).host,
  }
}
