/** Runs `call: asyncapi` with clients that only remember. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AppError } from '../../base/app-error.ts'
import type {
  IncomingMessage,
  MessageClients,
  MessagePlace,
  OutgoingMessage,
} from '../message-clients.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served, type TestScope } from '../test-world/local-server.ts'

const version3 = {
  asyncapi: '3.0.0',
  servers: {
    web: { host: 'example.com', protocol: 'http' },
    staging: {
      ...{ host: '{env}.example.com:5672', pathname: '/v', protocol: 'amqp' },
      variables: { env: { default: 'dev', enum: ['dev', 'live'] } },
    },
    other: { host: 'mqtt.example.com', protocol: 'mqtt' },
  },
  channels: {
    pets: {
      address: 'pets.found',
      servers: [{ $ref: '#/servers/staging' }, { $ref: '#/servers/other' }],
    },
    plain: {},
    user: { address: 'user/{id}' },
  },
  operations: {
    findPets: { action: 'send', channel: { $ref: '#/channels/pets' } },
    plain: { action: 'receive', channel: { $ref: '#/channels/plain' } },
    user: { action: 'send', channel: { $ref: '#/channels/user' } },
  },
}

const version2 = `
asyncapi: 2.6.0
servers:
  one: {url: 'nats://{host}:4222', protocol: nats, variables: {host: {default: a.example}}}
  two: {url: 'b.example', protocol: mqtt}
channels:
  /notifications:
    servers: [two]
    subscribe: {operationId: getNotifications}
  other: {publish: {operationId: send}}
`

/** Clients that keep what is published, and give what they are told to. */
class Remembering implements MessageClients {
  readonly published: OutgoingMessage[] = []
  readonly places: MessagePlace[] = []
  readonly incoming: IncomingMessage[] = []
  failure: AppError | undefined
  ended = 0

  async publish(message: OutgoingMessage): Promise<void> {
    if (this.failure) throw this.failure
    this.published.push(message)
  }

  async *subscribe(place: MessagePlace & { readonly signal: AbortSignal }) {
    this.places.push(place)
    try {
      yield* this.incoming
      const { signal } = place
      if (!signal.aborted)
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    } finally {
      this.ended += 1
    }
  }
}

const text = (payload: unknown, more = {}): IncomingMessage => ({
  ...{ payload: Buffer.from(JSON.stringify(payload)), contentType: 'application/json', ...more },
})

async function world(t: TestScope, document: unknown) {
  const messages = new Remembering()
  const { asyncapi } = callsFor(t, { messages })
  const written = typeof document === 'string' ? document : JSON.stringify(document)
  const endpoint = await served(t, (_, response) => void response.end(written))
  const call = async (input: object, signal = context.signal) =>
    (await asyncapi({ document: { endpoint }, ...input }, { ...context, signal })).output
  return { messages, call }
}

describe('call: asyncapi that publishes', () => {
  test('goes to the server and the channel of its operation', async (t) => {
    const { messages, call } = await world(t, version3)
    const message = { payload: { petId: 7 }, headers: { a: 1 } }
    const authentication = { bearer: { token: 't' } }
    const output = await call({ operation: 'findPets', message, authentication })
    assert.deepEqual(output, { id: context.idempotencyKey })
    const [sent] = messages.published
    assert.deepEqual(
      { ...sent, signal: undefined, payload: Buffer.from(sent?.payload ?? []).toString() },
      {
        ...{ protocol: 'amqp', server: 'amqp://dev.example.com:5672/v', channel: 'pets.found' },
        ...{ payload: '{"petId":7}', contentType: 'application/json', headers: { a: '1' } },
        ...{ authentication, id: context.idempotencyKey, signal: undefined },
      },
    )
    const place = async (more: object) => {
      await call({ operation: 'findPets', message, ...more })
      return messages.published.at(-1)?.server
    }
    assert.equal(await place({ protocol: 'mqtt' }), 'mqtt://mqtt.example.com')
    const server = { name: 'staging', variables: { env: 'live' } }
    assert.equal(await place({ server }), 'amqp://live.example.com:5672/v')
  })

  test('by HTTP is a question of its own', async (t) => {
    const got: unknown[] = []
    const url = await served(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      got.push([request.method, request.url, body, request.headers['idempotency-key']])
      response.end('{"taken":true}')
    })
    const servers = { web: { host: new URL(url).host, pathname: '/base/', protocol: 'http' } }
    const { call } = await world(t, {
      ...version3,
      servers,
      channels: { pets: { address: '/pets' } },
    })
    assert.deepEqual(await call({ operation: 'findPets', message: { payload: { a: 1 } } }), {
      taken: true,
    })
    assert.deepEqual(got, [['POST', '/base/pets', '{"a":1}', context.idempotencyKey]])
  })

  test('what is refused or away is an error that keeps its kind', async (t) => {
    const { messages, call } = await world(t, version3)
    const publish = () => call({ operation: 'findPets', message: {} })
    messages.failure = new AppError({
      code: 'services/broker-away',
      message: 'away',
      retry: 'later',
    })
    await assert.rejects(publish(), problem('communication', 503, { retry: 'later' }))
    messages.failure = new AppError({
      code: 'services/message-refused',
      message: 'no',
      retry: 'never',
    })
    await assert.rejects(publish(), problem('communication', 502, { retry: 'never' }))
  })

  test('documents and wishes that do not fit are errors', async (t) => {
    const { call } = await world(t, version3)
    const message = {}
    const fails = (kind: string, input: object) => assert.rejects(call(input), problem(kind, 400))
    await fails('configuration', { operation: 'none', message })
    await fails('configuration', { operation: 'user', message })
    await fails('configuration', { operation: 'findPets', message, server: { name: 'none' } })
    await fails('configuration', { operation: 'findPets', message, protocol: 'kafka' })
    await fails('validation', {
      operation: 'findPets',
      message,
      server: { name: 'staging', variables: { env: 'x' } },
    })
    await fails('validation', { operation: 'findPets' })
    await fails('validation', { operation: 'findPets', message, subscription: {} })
    for (const document of [
      '[]',
      '{"asyncapi":"1.0"}',
      '{"asyncapi":"3.0.0","operations":{"findPets":{}}}',
    ])
      await assert.rejects(
        (await world(t, document)).call({ operation: 'findPets', message }),
        problem('configuration', 400),
      )
    const { asyncapi } = callsFor(t)
    const endpoint = await served(t, (_, response) => void response.end(JSON.stringify(version3)))
    const nobody = asyncapi({ document: { endpoint }, operation: 'findPets', message }, context)
    await assert.rejects(nobody, problem('configuration', 400, { detail: /"amqp"/ }))
  })
})

describe('call: asyncapi that subscribes', () => {
  const subscribe = (consume: object, more = {}) => ({
    channel: '/notifications',
    subscription: { consume, ...more },
  })

  test('takes an amount of the messages that pass the filter, in their order', async (t) => {
    const { messages, call } = await world(t, version2)
    messages.incoming.push(
      ...[1, 2, 3, 4, 5].map((n) => text({ n }, { headers: { correlationId: `c${n}` } })),
    )
    const output = await call(
      subscribe({ amount: 2 }, { filter: '${ .payload.n > 2 and .correlationId != "c4" }' }),
    )
    assert.deepEqual(output, [
      { payload: { n: 3 }, headers: { correlationId: 'c3' }, correlationId: 'c3' },
      { payload: { n: 5 }, headers: { correlationId: 'c5' }, correlationId: 'c5' },
    ])
    const [place] = messages.places
    assert.deepEqual(
      [place?.protocol, place?.server, place?.channel],
      ['mqtt', 'mqtt://b.example', '/notifications'],
    )
    assert.equal(messages.ended, 1)
  })

  test('goes on while or until an expression says so, or for a time', async (t) => {
    const { messages, call } = await world(t, version2)
    messages.incoming.push(...[1, 2, 3, 4].map((n) => text(n)))
    const taken = async (consume: object, more = {}) =>
      ((await call({ ...subscribe(consume), ...more })) as { payload: number }[]).map(
        ({ payload }) => payload,
      )
    assert.deepEqual(await taken({ while: '${ .payload < 3 }' }), [1, 2, 3])
    assert.deepEqual(await taken({ until: '${ ($context.messages | length) == 2 }' }), [1, 2])
    const variables = { context: { stop: 3 } }
    assert.deepEqual(
      await taken({ until: '${ .payload == $context.stop }' }, { variables }),
      [1, 2, 3],
    )
    assert.deepEqual(await taken({ amount: 9, for: { milliseconds: 20 } }), [1, 2, 3, 4])
    assert.equal(messages.ended, 4)
  })

  test('texts and bytes that are no JSON are texts', async (t) => {
    const { messages, call } = await world(t, version2)
    messages.incoming.push(
      { payload: Buffer.from('plain') },
      text(7, { contentType: 'text/plain' }),
    )
    const output = (await call(subscribe({ amount: 2 }))) as { payload: string }[]
    assert.deepEqual(
      output.map(({ payload }) => payload),
      ['plain', '7'],
    )
  })

  test('an interruption, bad expressions and too many messages end it', async (t) => {
    const { messages, call } = await world(t, version2)
    const cancel = new AbortController()
    const asked = call(subscribe({ amount: 1 }), cancel.signal)
    const ended = assert.rejects(asked, { code: 'workflow/consumption-cut', retry: 'later' })
    await t.waitFor(() => assert.equal(messages.places.length, 1))
    cancel.abort()
    await ended
    messages.incoming.push(text(1))
    for (const filter of ['${ .a.b.c( }', '${ $nobody }', '${ error("no") }', '${ .payload.a }'])
      await assert.rejects(
        call(subscribe({ amount: 1 }, { filter })),
        problem('expression', 400),
        filter,
      )
    for (const consume of [{ amount: 0 }, { amount: 'x' }, { amount: 1, for: 'soon' }])
      await assert.rejects(call(subscribe(consume)), problem('validation', 400))
    messages.incoming.push(...Array.from({ length: 1_001 }, () => text(1)))
    await assert.rejects(call(subscribe({ amount: 5_000 })), problem('runtime', 500))
    messages.incoming.splice(0, 2_000, text('x'.repeat(300_000)))
    await assert.rejects(call(subscribe({ amount: 2 })), problem('runtime', 500))
  })
})
