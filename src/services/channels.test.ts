/** Sends by each channel to a stand-in that checks the request as the real one does. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSignedWebhook } from '../workflow/webhook-signature.ts'
import { createMailServer, type Mail } from './test-bed/mail-server.ts'
import { listening, type NotifyWorld, notifyWorld, standIn } from './test-bed/notify-world.ts'
import { createPushBrowser } from './test-bed/push-browser.ts'
import { until } from './test-bed/sink-world.ts'

const hostile = {
  to: 'ops',
  subject: 'Paid *5* <b>',
  body: 'a_b <script> [x](http://x) 1.5 & @everyone',
}

/** Waits until the newest notification was tried and is in a state, and gives it. */
async function newest({ notifications }: NotifyWorld, state: string) {
  const first = async () =>
    (await notifications.list({ limit: 9 })).items.find(({ channel }) => channel !== 'outbox')
  await until(async () => {
    const one = await first()
    return one?.state === state && one.attempts > 0
  })
  return first()
}

const template = {
  ...{ name: 'paid', subject: 'Paid ${ .amount }', text: 'By ${ .who }' },
  html: '<p title="${ .who }">By <b>${ .who }</b></p>',
  slack: '*Paid* by ${ .who }',
  discord: '**Paid** by ${ .who }',
  telegram: '*Paid* by ${ .who }',
}
const data = { amount: 5, who: 'A <b>"&\' *_x_* (1.5)!' }

describe('webhooks', () => {
  test('get a signed message with an id that stays the same', async (t) => {
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`
    const ids: unknown[] = []
    const statuses = [500, 200]
    const url = await standIn(t, ({ headers, body }) => {
      const plain = headers as Record<string, string | undefined>
      assert.ok(isSignedWebhook([secret], plain, { body, nowMs: Date.now() }))
      assert.equal(JSON.parse(String(body)).id, headers['webhook-id'])
      ids.push(headers['webhook-id'], headers['idempotency-key'])
      return { status: statuses.shift() ?? 200 }
    })
    const world = await notifyWorld(t, { webhook: { hooks: { ops: url }, secret } })
    await world.complete('notify.webhook', hostile)
    await newest(world, 'waiting')
    world.pass(1_000)
    await newest(world, 'sent')
    assert.deepEqual(new Set(ids), new Set(['1'.padEnd(32, '0')]))
    await world.complete('notify.webhook', { ...hostile, to: 'nobody' }, 2)
    assert.match((await newest(world, 'dead'))?.reason ?? '', /no webhook "nobody"/)
  })
})

describe('mail', () => {
  test('has text and escaped HTML, an id that stays the same, and no headers but its own', async (t) => {
    const mails: Mail[] = []
    const verdicts = ['452 full', '250 taken', '550 unwanted']
    const server = createMailServer(mails, () => verdicts.shift() ?? '250 taken')
    const url = `smtp://127.0.0.1:${await listening(t, server)}`
    const email = { url, from: 'node@example.org', to: 'ops@example.org' }
    const world = await notifyWorld(t, { email }, [template])
    const amount = '5\r\nBcc: all@example.org'
    const input = { to: 'ann@example.org', template: 'paid', data: { ...data, amount } }
    await world.complete('notify.email', input)
    assert.match((await newest(world, 'waiting'))?.reason ?? '', /452 full/)
    world.pass(1_000)
    await newest(world, 'sent')
    const ids = mails.map(({ text }) => /^Message-ID: (.*)$/im.exec(text)?.[1])
    assert.equal(ids[0], ids[1])
    assert.deepEqual([mails[1]?.from, mails[1]?.to], ['node@example.org', ['ann@example.org']])
    const text = (mails[1]?.text ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=')
    assert.match(text, /Subject: Paid 5 Bcc: all@example.org/)
    assert.match(text, /By A <b>"&' \*_x_\* \(1\.5\)!/)
    const who = 'A &lt;b&gt;&quot;&amp;&#39; *_x_* (1.5)!'
    assert.ok(text.includes(`<p title="${who}">By <b>${who}</b></p>`))
    await world.complete('notify.email', { ...hostile, to: '0xabc' }, 2)
    assert.match((await newest(world, 'dead'))?.reason ?? '', /550 unwanted/)
    assert.deepEqual(mails[2]?.to, ['ops@example.org'])
    assert.match(mails[2]?.text ?? '', /Account: 0xabc/)
  })
})

describe('Slack', () => {
  test('gets its own form, and is given the pause that it asks for', async (t) => {
    const texts: string[] = []
    let isBusy = true
    const url = await standIn(t, ({ method, path, headers, body }) => {
      assert.deepEqual([method, path], ['POST', '/services/T0/B0/key'])
      assert.equal(headers['content-type'], 'application/json')
      const { text, ...rest } = JSON.parse(String(body))
      assert.deepEqual(rest, {})
      // What is no entity of theirs must be escaped.
      assert.doesNotMatch(text.replace(/&(amp|lt|gt);/g, ''), /[&<>]/)
      if (isBusy) return { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' }
      texts.push(text)
      return { status: 200, body: 'ok' }
    })
    const slack = { hooks: { ops: `${url}/services/T0/B0/key` } }
    const world = await notifyWorld(t, { slack }, [template])
    await world.complete('notify.slack', hostile)
    assert.match((await newest(world, 'waiting'))?.reason ?? '', /answered 429: rate_limited/)
    isBusy = false
    await world.passWhole(29_000)
    assert.equal((await newest(world, 'waiting'))?.attempts, 1)
    world.pass(1_000)
    assert.ok(!JSON.stringify(await newest(world, 'sent')).includes('B0/key'))
    await world.complete('notify.slack', { to: 'ops', template: 'paid', data }, 2)
    await until(() => texts.length === 2)
    assert.match(texts[0] ?? '', /^\*Paid \*\u200b5/)
    assert.match(texts[1] ?? '', /^\*Paid\* by A &lt;b&gt;"&amp;'/)
  })
})

describe('Discord', () => {
  test('gets its own form within its length, nobody mentioned, and is given its pause', async (t) => {
    const contents: string[] = []
    let isBusy = true
    const url = await standIn(t, ({ body }) => {
      const { content, allowed_mentions } = JSON.parse(String(body))
      assert.deepEqual(allowed_mentions, { parse: [] })
      assert.ok(content.length <= 2_000)
      if (isBusy) {
        const told = { message: 'You are being rate limited.', retry_after: 64.57, global: false }
        return { status: 429, body: JSON.stringify(told) }
      }
      contents.push(content)
      return { status: 204 }
    })
    const world = await notifyWorld(t, { discord: { hooks: { default: url } } }, [template])
    await world.complete('notify.discord', {
      ...hostile,
      body: `${hostile.body}${'_'.repeat(5_000)}`,
    })
    assert.match((await newest(world, 'waiting'))?.reason ?? '', /being rate limited/)
    isBusy = false
    await world.passWhole(64_000)
    assert.equal((await newest(world, 'waiting'))?.attempts, 1)
    world.pass(570)
    await newest(world, 'sent')
    await world.complete('notify.discord', { to: 'x', template: 'paid', data }, 2)
    await until(() => contents.length === 2)
    assert.match(contents[0] ?? '', /^\*\*Paid \\\*5\\\* \\<b\\>\*\*\na\\_b \\<script\\>/)
    assert.match(contents[0] ?? '', /…$/)
    assert.match(contents[1] ?? '', /^\*\*Paid\*\* by A \\<b\\>/)
  })
})

describe('Telegram', () => {
  /** Takes a text as the bot interface does: each reserved character is escaped, or one of a pair of stars. */
  function mustParse(text: string): void {
    const rest = text.replace(/\\[_*[\]()~`>#+\-=|{}.!\\]/g, '')
    assert.doesNotMatch(rest.replace(/\*[^*]*\*/g, ''), /[_*[\]()~`>#+\-=|{}.!]/)
  }

  test('gets MarkdownV2 that it can parse, its pause is given, and the token is not shown', async (t) => {
    const texts: string[] = []
    const answers = [
      {
        ok: false,
        error_code: 429,
        description: 'Too Many Requests',
        parameters: { retry_after: 7 },
      },
      { ok: true, result: { message_id: 1 } },
      { ok: true, result: { message_id: 2 } },
      { ok: false, error_code: 400, description: 'Bad Request: chat not found' },
    ]
    const url = await standIn(t, ({ path, body }) => {
      assert.equal(path, '/bot7:token/sendMessage')
      const { chat_id, text, parse_mode } = JSON.parse(String(body))
      assert.deepEqual([typeof chat_id, parse_mode], ['string', 'MarkdownV2'])
      mustParse(text)
      texts.push(text)
      const answer = answers.shift()
      return { status: answer?.error_code ?? 200, body: JSON.stringify(answer) }
    })
    const telegram = { token: '7:token', url }
    const world = await notifyWorld(t, { telegram }, [template])
    await world.complete('notify.telegram', { ...hostile, to: '-100200' })
    assert.match((await newest(world, 'waiting'))?.reason ?? '', /429: Too Many Requests/)
    await world.passWhole(6_999)
    assert.equal((await newest(world, 'waiting'))?.attempts, 1)
    world.pass(1)
    await newest(world, 'sent')
    await world.complete('notify.telegram', { to: '@ops', template: 'paid', data }, 2)
    await until(() => texts.length === 3)
    await world.complete('notify.telegram', { ...hostile, to: '@gone' }, 3)
    const dead = await newest(world, 'dead')
    assert.match(dead?.reason ?? '', /chat not found/)
    assert.ok(
      !JSON.stringify((await world.notifications.list({ limit: 9 })).items).includes('7:token'),
    )
  })
})

describe('Web Push', () => {
  const push = { contact: 'mailto:ops@example.org' }

  test('reaches each browser of a subscriber once, encrypted for it alone and signed', async (t) => {
    const world = await notifyWorld(t, { push })
    const { publicKey } = { publicKey: await world.notifications.push.publicKey() }
    const browsers = new Map<string, ReturnType<typeof createPushBrowser>>()
    const read: string[] = []
    let isDown = true
    const url = await standIn(t, ({ path, headers, body }) => {
      if (path === '/two' && isDown) return { status: 503 }
      read.push(`${path} ${browsers.get(path)?.read(headers, body)}`)
      return { status: 201 }
    })
    for (const path of ['/one', '/two']) {
      const browser = createPushBrowser(`${url}${path}`, publicKey)
      browsers.set(path, browser)
      await world.notifications.push.add('0xabc', browser.subscription)
    }
    await world.complete('notify.push', { to: '0xabc', subject: 'Hello', body: 'é'.repeat(9_000) })
    assert.match((await newest(world, 'waiting'))?.reason ?? '', /answered 503/)
    isDown = false
    world.pass(1_000)
    await newest(world, 'sent')
    assert.deepEqual(
      read.map((text) => text.slice(0, 4)),
      ['/one', '/two'],
    )
    const { id, title, body } = JSON.parse((read[1] ?? '').slice(5))
    assert.deepEqual([id, title], ['1'.padEnd(32, '0'), 'Hello'])
    assert.match(body, /^é{1000,}…$/)
    const later = await world.again()
    assert.equal(await later.push.publicKey(), publicKey)
  })

  test('forgets a subscription that is over, and says when nobody is left', async (t) => {
    const world = await notifyWorld(t, { push })
    const publicKey = await world.notifications.push.publicKey()
    const statuses = [410, 404]
    const url = await standIn(t, () => ({ status: statuses.shift() ?? 201 }))
    for (const path of ['/one', '/two']) {
      const { subscription } = createPushBrowser(`${url}${path}`, publicKey)
      await world.notifications.push.add('ann', subscription)
    }
    const list = async () => (await world.notifications.push.list({ limit: 9 })).items
    assert.equal((await list()).length, 2)
    await world.complete('notify.push', { ...hostile, to: 'ann' })
    assert.match((await newest(world, 'dead'))?.reason ?? '', /no browser is subscribed as "ann"/)
    assert.deepEqual(await list(), [])
  })

  test('takes no subscription without keys, no more than 20 of one, and none if it is not set up', async (t) => {
    const { notifications } = await notifyWorld(t, { push })
    const publicKey = await notifications.push.publicKey()
    const one = createPushBrowser('https://push.example/x', publicKey).subscription
    for (const bad of [
      { ...one, endpoint: 'file:///etc/passwd' },
      { ...one, keys: { ...one.keys, auth: 'short' } },
      { ...one, keys: { ...one.keys, p256dh: '' } },
    ]) {
      await assert.rejects(notifications.push.add('ann', bad), {
        code: 'services/bad-subscription',
      })
    }
    for (let n = 0; n < 20; n += 1) {
      const endpoint = `https://push.example/${n}`
      await notifications.push.add('ann', { ...one, endpoint })
    }
    const over = { code: 'services/too-many-subscriptions' }
    await assert.rejects(notifications.push.add('ann', one), over)
    await notifications.push.add('ben', one)
    const { notifications: without } = await notifyWorld(t)
    await assert.rejects(without.push.publicKey(), { code: 'services/channel-not-set' })
  })

  test('does not ask servers of the own network', async (t) => {
    const world = await notifyWorld(t, { push })
    const publicKey = await world.notifications.push.publicKey()
    const { subscription } = createPushBrowser('http://10.0.0.1/x', publicKey)
    await world.notifications.push.add('ann', subscription)
    await world.complete('notify.push', { ...hostile, to: 'ann' })
    assert.match((await newest(world, 'dead'))?.reason ?? '', /10\.0\.0\.1/)
  })
})

describe('templates', () => {
  test('of files and of people: put, shown as a channel has them, removed, and refused with the reason', async (t) => {
    const { notifications } = await notifyWorld(t, {}, [template])
    const { templates } = notifications
    const seen = await templates.render('paid', 'email', data)
    assert.deepEqual([seen.subject, seen.text], ['Paid 5', `By ${data.who}`])
    assert.match(seen.formatted ?? '', /&lt;b&gt;/)
    assert.equal((await templates.render('paid', 'outbox', {})).text, 'By ')
    await templates.put({ name: 'paid', subject: 'Other', text: '${ .list }' })
    assert.equal((await templates.render('paid', 'slack', { list: [1] })).text, '[1]')
    assert.deepEqual(
      (await templates.list()).map(({ subject }) => subject),
      ['Other'],
    )
    await templates.remove('paid')
    assert.equal((await templates.render('paid', 'outbox', data)).subject, 'Paid 5')
    await assert.rejects(templates.remove('paid'), { code: 'services/unknown-template' })
    for (const bad of [
      { name: 'x', subject: 'a' },
      { name: '../x', subject: 'a', text: 'b' },
      { name: 'x', subject: '${ .a', text: 'b' },
      { name: 'x', subject: 'a', text: '${ .a[ }' },
      { name: 'x', subject: 'a', text: 'b', pigeon: 'c' },
    ]) {
      await assert.rejects(templates.put(bad), { code: 'services/bad-template' })
    }
    const failing = await templates.put({ name: 'x', subject: '${ .a + 1 }', text: 'b' })
    const rendering = templates.render(failing.name, 'outbox', { a: {} })
    await assert.rejects(rendering, { code: 'stream/expression-failed' })
  })
})
