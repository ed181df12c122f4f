/** Sends notifications and writes records, each once, through webhooks and mail servers that misbehave. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { systemClock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { SqlStore } from '../store/sql.ts'
import { openSqlite } from '../store/sqlite.ts'
import { workflowMigrations } from '../workflow/engine.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import type { StepFunction } from '../workflow/workflow.ts'
import { createNotifications, type NotificationOptions } from './notifications.ts'
import { createRecords } from './records.ts'
import { servicesMigrations } from './services-schema.ts'

type Test = { after(run: () => Promise<void> | void): void }

async function database(t: Test): Promise<SqlStore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-services-'))
  const sql = await openSqlite({ path: path.join(folder, 'services.sqlite') })
  await sql.migrate([...workflowMigrations, ...servicesMigrations])
  await sql.run("INSERT INTO definitions VALUES ('h', 'pay', 'null')")
  await sql.run(
    `INSERT INTO instances (id, workflow, definition_hash, status, event_id, input, wake_at_ms, created_at_ms, updated_at_ms)
      VALUES ('i1', 'pay', 'h', 'running', 'e1', 'null', 0, 0, 0)`,
  )
  t.after(async () => {
    await sql.close()
    await rm(folder, { recursive: true })
  })
  return sql
}

const context = (n: number) => ({
  ...{ instanceId: 'i1', step: 's', attempt: 1, signal: new AbortController().signal },
  idempotencyKey: `0x${String(n).padEnd(64, '0')}` as const,
})

/** Runs a step as the engine does: its writes in one transaction with the journal. */
async function complete(sql: SqlStore, step: StepFunction, input: Json, n = 1) {
  const outcome = await step(input, context(n))
  assert.equal(outcome.kind, 'done')
  await sql.transaction(async (session) => outcome.commit?.(session))
  return outcome.output
}

async function listening<S extends Server>(t: Test, server: S): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return (server.address() as AddressInfo).port
}

const message = { to: '0xabc', subject: 'Hello', body: 'World' }

describe('notifications', () => {
  const http = createGuardedHttp()
  after(() => http.stop())
  const make = (sql: SqlStore, options: NotificationOptions = {}) =>
    createNotifications({ timeoutMs: 500, ...options }, { sql, http, clock: systemClock })

  test('lie in the outbox once, however often the step is completed', async (t) => {
    const sql = await database(t)
    const notifications = make(sql)
    const heard: string[] = []
    notifications.subscribe(({ subject }) => heard.push(subject))
    await complete(sql, notifications.send, message)
    await complete(sql, notifications.send, message)
    await complete(sql, notifications.send, { ...message, subject: 'Again' }, 2)
    await new Promise((resolve) => setTimeout(resolve, 5))
    const { items } = await notifications.list({ limit: 10 })
    assert.deepEqual(
      items.map(({ subject, channel, to }) => [subject, channel, to]),
      [
        ['Again', 'outbox', '0xabc'],
        ['Hello', 'outbox', '0xabc'],
      ],
    )
    assert.deepEqual(heard, ['Hello', 'Again'])
    const { next } = await notifications.list({ limit: 1 })
    assert.equal((await notifications.list({ limit: 1, cursor: next })).items[0]?.subject, 'Hello')
    await assert.rejects(notifications.list({ limit: 1, cursor: 'x' }), {
      code: 'store/bad-cursor',
    })
  })

  test('nothing is in the outbox when the journal was not written', async (t) => {
    const sql = await database(t)
    const notifications = make(sql)
    const outcome = await notifications.send(message, context(1))
    const failing = sql.transaction(async (session) => {
      if (outcome.kind === 'done') await outcome.commit?.(session)
      throw new Error('no journal')
    })
    await assert.rejects(failing, /no journal/)
    assert.deepEqual((await notifications.list({ limit: 1 })).items, [])
  })

  test('are refused when a text is missing or too long', async (t) => {
    const sql = await database(t)
    const { send } = make(sql)
    for (const bad of [
      null,
      {},
      { ...message, to: '' },
      { ...message, body: 7 },
      { ...message, subject: 'x'.repeat(301) },
    ]) {
      await assert.rejects(send(bad, context(1)), { code: 'services/bad-notification' })
    }
  })

  test('go to the webhook with their key, and are tried again or not by its answer', async (t) => {
    const sql = await database(t)
    let status = 200
    const got: unknown[] = []
    const server = createHttpServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push([request.headers['idempotency-key'], JSON.parse(body).subject])
      response.writeHead(status).end()
    })
    const webhookUrl = `http://127.0.0.1:${await listening(t, server)}/hook?token=secret`
    const notifications = make(sql, { webhookUrl })
    await complete(sql, notifications.send, message)
    assert.deepEqual(got, [[context(1).idempotencyKey, 'Hello']])
    assert.equal((await notifications.list({ limit: 1 })).items[0]?.channel, 'webhook')
    for (const [code, retry] of [
      [500, 'later'],
      [429, 'later'],
      [404, 'never'],
      [302, 'never'],
    ] as const) {
      status = code
      const refused = notifications.send(message, context(2))
      await assert.rejects(
        refused,
        (error: Error & { retry?: string }) =>
          error.retry === retry && !error.message.includes('secret'),
      )
    }
    const nobody = make(sql, { webhookUrl: 'http://127.0.0.1:1/' })
    await assert.rejects(nobody.send(message, context(3)), {
      code: 'services/webhook-failed',
      retry: 'later',
    })
  })

  /** As much of SMTP as a client needs; `verdict` answers the end of the data. */
  function mailServer(mails: string[], verdict: string) {
    return createServer((socket) => {
      let data: string | undefined
      socket.write('220 test\r\n')
      socket.on('data', (chunk) => {
        if (data !== undefined) {
          data += chunk
          if (!data.endsWith('\r\n.\r\n')) return
          mails.push(data)
          data = undefined
          socket.write(`${verdict}\r\n`)
          return
        }
        for (const line of String(chunk).split('\r\n').filter(Boolean)) {
          if (line === 'DATA') data = ''
          socket.write(
            line === 'DATA' ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n',
          )
        }
      })
      socket.on('error', () => {})
    })
  }

  test('go by mail with an id that stays the same, and are tried again or not by its verdict', async (t) => {
    const sql = await database(t)
    const mails: string[] = []
    const mailAt = async (verdict: string) => {
      const port = await listening(t, mailServer(mails, verdict))
      return make(sql, {
        mail: {
          smtpUrl: `smtp://127.0.0.1:${port}`,
          from: 'node@example.org',
          to: 'ops@example.org',
        },
      })
    }
    const notifications = await mailAt('250 taken')
    await complete(sql, notifications.send, message)
    await notifications.send(message, context(1))
    const ids = mails.map((mail) => /^Message-ID: (.*)$/im.exec(mail)?.[1])
    assert.equal(ids[0], ids[1])
    assert.match(mails[0] ?? '', /Subject: Hello[\s\S]*World[\s\S]*Account: 0xabc/)
    assert.equal((await notifications.list({ limit: 1 })).items[0]?.channel, 'email')
    const full = (await mailAt('452 full')).send(message, context(2))
    await assert.rejects(full, { code: 'services/mail-failed', retry: 'later' })
    const unwanted = (await mailAt('550 unwanted')).send(message, context(3))
    await assert.rejects(unwanted, { code: 'services/mail-failed', retry: 'never' })
  })
})

describe('records', () => {
  test('are written once, with the workflow they come from', async (t) => {
    const sql = await database(t)
    const records = createRecords({ sql, clock: systemClock })
    await complete(sql, records.write, { key: 'deposit', data: { amount: '5' } })
    await complete(sql, records.write, { key: 'deposit', data: { amount: '5' } })
    const { items } = await records.list({ limit: 10 })
    assert.deepEqual(
      items.map(({ key, data, workflow, instanceId }) => [key, data, workflow, instanceId]),
      [['deposit', { amount: '5' }, 'pay', 'i1']],
    )
  })

  test('are refused without a key, or too large', async (t) => {
    const sql = await database(t)
    const { write } = createRecords({ sql, clock: systemClock })
    for (const bad of [
      null,
      {},
      { key: '' },
      { key: 'x'.repeat(257) },
      { key: 'k', data: 'x'.repeat(70_000) },
    ]) {
      await assert.rejects(write(bad, context(1)), { code: 'services/bad-record' })
    }
  })
})
