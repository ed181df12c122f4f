/** Orders, sends, holds back and gives up notifications; what lies in the outbox is sent once it may be. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readNotificationOptions } from './notifications.ts'
import { contextOf, notifyWorld, standIn } from './test-bed/notify-world.ts'
import { until } from './test-bed/sink-world.ts'

const message = { to: '0xabc', subject: 'Hello', body: 'World' }

/** A webhook that answers one status after the other, 204 in the end, and remembers what came. */
async function hook(t: Parameters<typeof standIn>[0], statuses: number[] = []) {
  const got: { readonly id: string; readonly to: string; readonly subject: string }[] = []
  const url = await standIn(t, ({ body }) => {
    got.push(JSON.parse(String(body)))
    return { status: statuses.shift() ?? 204 }
  })
  return { got, webhook: { hooks: { default: `${url}/hook?token=secret` } } }
}

describe('the outbox', () => {
  test('holds a notification once, however often its step is completed, and tells of it', async (t) => {
    const { notifications, complete } = await notifyWorld(t)
    const heard: string[] = []
    notifications.subscribe(({ subject }) => heard.push(subject))
    const output = await complete('notify.send', message)
    assert.deepEqual(output, { id: '1'.padEnd(32, '0'), channel: 'outbox', to: '0xabc' })
    await complete('notify.send', message)
    await complete('notify.send', { ...message, subject: 'Again' }, 2)
    await until(() => heard.length >= 2)
    const { items, next } = await notifications.list({ limit: 1 })
    assert.deepEqual([items[0]?.subject, items[0]?.state], ['Again', 'stored'])
    const rest = await notifications.list({ limit: 1, cursor: next })
    assert.deepEqual([rest.items[0]?.subject, rest.next], ['Hello', undefined])
    assert.deepEqual(heard, ['Hello', 'Again'])
    const cursor = { limit: 1, cursor: 'x' }
    await assert.rejects(notifications.list(cursor), { code: 'store/bad-cursor' })
  })

  test('holds nothing when the journal was not written', async (t) => {
    const { notifications, sql } = await notifyWorld(t)
    const outcome = await notifications.functions['notify.send']?.(message, contextOf(1))
    assert.deepEqual((await notifications.list({ limit: 1 })).items, [])
    assert.equal(outcome?.kind, 'done')
    const refused = { sql: 'UPDATE notifications SET id = id WHERE false', values: [], changes: 1 }
    const failing = sql.write([...(outcome.writes ?? []), refused])
    await assert.rejects(failing, { code: 'store/unexpected-rows' })
    assert.deepEqual((await notifications.list({ limit: 1 })).items, [])
  })

  test('takes no order that lacks something, is too long, or wants what is not set up', async (t) => {
    const { notifications } = await notifyWorld(t)
    const send = notifications.functions['notify.send']
    for (const bad of [
      ...[null, {}, { ...message, to: '' }, { ...message, to: [] }, { ...message, body: 7 }],
      ...[
        { ...message, subject: 'x'.repeat(301) },
        { ...message, channel: 'pigeon' },
      ],
      { ...message, to: Array.from({ length: 101 }, (_, n) => `r${n}`) },
    ]) {
      await assert.rejects(send?.(bad, contextOf(1)) as Promise<unknown>, {
        code: 'services/bad-notification',
      })
    }
    const slack = notifications.functions['notify.slack']?.(message, contextOf(1))
    await assert.rejects(slack as Promise<unknown>, { code: 'services/channel-not-set' })
  })
})

describe('the sender', () => {
  test('sends to groups and lists, each recipient once, by the channels they have', async (t) => {
    const { got, webhook } = await hook(t)
    const groups = {
      duty: [
        { channel: 'webhook', to: 'ann' },
        { channel: 'outbox', to: 'ben' },
      ],
    }
    const { notifications, complete } = await notifyWorld(t, { webhook, groups })
    const output = await complete('notify.send', { ...message, to: ['duty', 'cy', 'duty'] })
    assert.deepEqual(
      (output as { all: { channel: string; to: string }[] }).all.map(({ channel, to }) => [
        channel,
        to,
      ]),
      [
        ['webhook', 'ann'],
        ['outbox', 'ben'],
        ['outbox', 'cy'],
      ],
    )
    await complete('notify.webhook', { ...message, to: 'duty', subject: 'Named' }, 2)
    await until(async () => {
      const { items } = await notifications.list({ limit: 10, state: 'sent' })
      return items.length === 2
    })
    assert.deepEqual(got.map(({ to, subject }) => [to, subject]).sort(), [
      ['ann', 'Hello'],
      ['ann', 'Named'],
    ])
  })

  test('tries again what may pass, with pauses, gives up what may not, and shows no secret', async (t) => {
    const { got, webhook } = await hook(t, [503, 500, 204, 404])
    const world = await notifyWorld(t, { webhook, default: 'webhook' })
    const { notifications, complete, pass, passWhole } = world
    const first = async () => (await notifications.list({ limit: 10 })).items.at(-1)
    await complete('notify.send', message)
    await until(async () => (await first())?.attempts === 1)
    const waits = await first()
    assert.equal(waits?.state, 'waiting')
    assert.match(waits?.reason ?? '', /answered 503/)
    await passWhole(999)
    assert.equal(got.length, 1)
    pass(1)
    await until(async () => (await first())?.attempts === 2)
    assert.equal(got.length, 2)
    pass(2_000)
    await until(async () => (await first())?.state === 'sent')
    assert.deepEqual(new Set(got.map(({ id }) => id)), new Set(['1'.padEnd(32, '0')]))
    await complete('notify.send', { ...message, to: 'other' }, 2)
    await until(async () => (await notifications.list({ limit: 1 })).items[0]?.state === 'dead')
    const [dead] = (await notifications.list({ limit: 1, state: 'dead' })).items
    assert.match(dead?.reason ?? '', /answered 404/)
    assert.ok(!JSON.stringify([waits, dead]).includes('secret'))
    await notifications.requeue(dead?.id ?? '')
    await until(async () => (await notifications.list({ limit: 1 })).items[0]?.state === 'sent')
    const again = notifications.requeue(dead?.id ?? '')
    await assert.rejects(again, { code: 'services/unknown-notification' })
  })

  test('gives up after the attempts that are set', async (t) => {
    const { got, webhook } = await hook(t, [500, 500, 500])
    const section = { webhook, default: 'webhook', attempts: 2 }
    const { notifications, complete, pass } = await notifyWorld(t, section)
    await complete('notify.send', message)
    await until(() => got.length === 1)
    await until(async () => (await notifications.list({ limit: 1 })).items[0]?.state === 'waiting')
    pass(60_000)
    await until(async () => (await notifications.list({ limit: 1 })).items[0]?.state === 'dead')
    assert.equal(got.length, 2)
  })

  test('holds what is over the limit of its recipient until the hour has passed', async (t) => {
    const { got, webhook } = await hook(t)
    const section = { webhook, default: 'webhook', perHour: 2 }
    const { notifications, complete, pass, passWhole } = await notifyWorld(t, section)
    for (const n of [1, 2, 3]) await complete('notify.send', { ...message, subject: `${n}` }, n)
    await complete('notify.send', { ...message, to: 'other' }, 4)
    const held = async () => (await notifications.list({ limit: 10, state: 'held' })).items
    await until(async () => got.length === 3 && (await held()).length === 1)
    assert.match((await held())[0]?.reason ?? '', /over 2 an hour/)
    await until(
      async () => (await notifications.list({ limit: 9, state: 'sent' })).items.length === 3,
    )
    await passWhole(3_599_000)
    assert.deepEqual([got.length, (await held()).length], [3, 1])
    pass(1_000)
    await until(() => got.length === 4)
    assert.equal(got[3]?.subject, '3')
  })

  test('another process sends what one left behind when it was killed, and not before its time', async (t) => {
    const { got, webhook } = await hook(t)
    const world = await notifyWorld(t, { webhook, default: 'webhook' })
    await world.notifications.stop()
    await world.complete('notify.send', message)
    // As a process leaves it that was killed while it sent.
    const [{ nowMs } = { nowMs: 0 }] = await world.sql.all<{ nowMs: number }>(
      'SELECT at_ms AS "nowMs" FROM notifications',
    )
    await world.sql.run(
      "UPDATE notifications SET state = 'sending', due_at_ms = ?",
      Number(nowMs) + 120_000,
    )
    const next = await world.again()
    await world.complete('notify.send', { ...message, to: 'other' }, 2)
    await until(() => got.length === 1)
    assert.equal(got[0]?.to, 'other')
    world.pass(120_000)
    await until(() => got.length === 2)
    assert.equal(got[1]?.to, '0xabc')
    await until(async () => (await next.list({ limit: 9, state: 'sent' })).items.length === 2)
  })

  test('a person can order one without a workflow', async (t) => {
    const { got, webhook } = await hook(t)
    const { notifications } = await notifyWorld(t, { webhook })
    assert.deepEqual(notifications.channels(), ['outbox', 'webhook'])
    const [one] = await notifications.order({ channel: 'webhook', ...message })
    assert.equal(one?.instanceId, '')
    await until(() => got.length === 1)
    const slack = notifications.order({ channel: 'slack', ...message })
    await assert.rejects(slack, { code: 'services/channel-not-set' })
  })
})

describe('the configuration of notifications', () => {
  const refusal = (section: Parameters<typeof readNotificationOptions>[0]) => {
    try {
      readNotificationOptions(section, { TOKEN: '1:a' })
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  test('is refused with the place of what is wrong, and takes secrets from the environment', () => {
    assert.equal(refusal({ telegram: { token: 'env:TOKEN' } }), undefined)
    assert.match(refusal({ telegram: { token: 'env:KEY' } }) ?? '', /KEY is not set/)
    assert.match(refusal({ slack: { hooks: { a: 'ftp://x' } } }) ?? '', /slack\.hooks\.a: expected/)
    assert.match(
      refusal({ webhook: { hooks: {}, secret: 'short' } }) ?? '',
      /secret: expected base64/,
    )
    assert.match(refusal({ groups: { a: [] } }) ?? '', /groups\.a/)
    assert.match(refusal({ pigeon: {} }) ?? '', /pigeon/)
  })
})
