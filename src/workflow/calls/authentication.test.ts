/** Asks servers that check who asks, as real ones do. */

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { jwtVerify, SignJWT } from 'jose'
import { createGuardedHttp } from '../guarded-http.ts'
import { outsideCalls } from '../outside-calls.ts'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { testCertificates } from '../test-world/certificates.ts'
import { listening, served, type TestScope } from '../test-world/local-server.ts'
import { createAuthenticatedHttp } from './authentication.ts'
import { challengesOf } from './digest.ts'

const bodyIn = async (request: IncomingMessage) => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

/** Answers only who shows the right header. */
const guardedBy = (t: TestScope, right: () => string | undefined) =>
  served(t, ({ headers }, response) => {
    response.writeHead(headers.authorization === right() ? 200 : 401).end('"in"')
  })

const asker = (t: TestScope) => {
  const { http } = callsFor(t)
  return async (uri: string, authentication: object, more = {}) =>
    (
      await http(
        { method: 'get', endpoint: { uri, authentication: { ...authentication } }, ...more },
        context,
      )
    ).output
}

describe('basic and bearer', () => {
  test('show who asks, over what the workflow gives as header', async (t) => {
    const ask = asker(t)
    const secret = `Basic ${Buffer.from('añ:b:c').toString('base64')}`
    const basic = await guardedBy(t, () => secret)
    assert.equal(await ask(basic, { basic: { username: 'añ', password: 'b:c' } }), 'in')
    const bearer = await guardedBy(t, () => 'Bearer t')
    assert.equal(
      await ask(bearer, { bearer: { token: 't' } }, { headers: { Authorization: 'x' } }),
      'in',
    )
    await assert.rejects(ask(bearer, { bearer: { token: 'u' } }), problem('authentication', 401))
  })

  test('what cannot be used is an error', async (t) => {
    const ask = asker(t)
    const url = 'http://127.0.0.1:1/'
    await assert.rejects(ask(url, { basic: {} }), problem('validation', 400))
    await assert.rejects(ask(url, { basic: { username: 'a:b' } }), problem('configuration', 400))
    await assert.rejects(ask(url, { magic: {} }), problem('configuration', 400))
    await assert.rejects(ask(url, {}), problem('configuration', 400))
    await assert.rejects(ask(url, { bearer: { token: 'a\nb' } }), problem('validation', 400))
  })
})

describe('digest', () => {
  /** Checks the response as a server does, and wants growing counts for a nonce that it gave. */
  function digestServer(
    t: TestScope,
    { algorithm = 'SHA-256', hash = 'sha256', qop = 'auth' } = {},
  ) {
    const seen = { asked: 0, refused: 0, nonce: randomBytes(8).toString('hex'), count: 0 }
    const h = (text: string) => createHash(hash).update(text).digest('hex')
    const url = served(t, async (request, response) => {
      seen.asked += 1
      const body = await bodyIn(request)
      const [found] = challengesOf(request.headers.authorization ?? '')
      const p = found?.parameters ?? {}
      let first = h('user:realm:word')
      if (algorithm.endsWith('-sess')) first = h(`${first}:${p.nonce}:${p.cnonce}`)
      const second = h(
        `${request.method}:${request.url}${p.qop === 'auth-int' ? `:${h(body)}` : ''}`,
      )
      const right = h(`${first}:${p.nonce}:${p.nc}:${p.cnonce}:${p.qop}:${second}`)
      const good = p.username === 'user' && p.uri === request.url && p.response === right
      const fresh = p.nonce === seen.nonce && Number.parseInt(p.nc ?? '0', 16) === seen.count + 1
      if (good && fresh) {
        seen.count += 1
        response.end(JSON.stringify(body === '' ? 'in' : body))
      } else {
        seen.refused += 1
        const stale = good ? ', stale=true' : ''
        const challenge = `Digest realm="realm", nonce="${seen.nonce}", algorithm=${algorithm}, qop="${qop}"${stale}`
        response.writeHead(401, { 'www-authenticate': ['Basic realm="x"', challenge] }).end()
      }
    })
    return { url, seen }
  }
  const digest = { username: 'user', password: 'word' }

  test('answers the challenge once, and the next ones in advance', async (t) => {
    const ask = asker(t)
    for (const [algorithm, hash, qop] of [
      ...[
        ['MD5', 'md5', 'auth'],
        ['SHA-256-sess', 'sha256', 'auth,auth-int'],
      ],
      ...[
        ['SHA-512-256', 'sha512-256', 'auth-int'],
        ['MD5-sess', 'md5', 'auth-int'],
      ],
    ] as [string, string, string][]) {
      const { url, seen } = digestServer(t, { algorithm, hash, qop })
      for (let asked = 0; asked < 3; asked += 1)
        assert.equal(await ask(`${await url}/a?b=${asked}`, { digest }), 'in')
      const more = { method: 'post', body: 'text' }
      assert.equal(await ask(`${await url}/a`, { digest }, more), 'text')
      assert.deepEqual([seen.asked, seen.refused], [5, 1], algorithm)
    }
  })

  test('a nonce that ended is replaced; a wrong word, or address, is an error', async (t) => {
    const ask = asker(t)
    await assert.rejects(ask('nowhere', { digest }), problem('validation', 400))
    const { url, seen } = digestServer(t)
    assert.equal(await ask(await url, { digest }), 'in')
    Object.assign(seen, { nonce: 'another', count: 0 })
    assert.equal(await ask(await url, { digest }), 'in')
    assert.equal(seen.refused, 2)
    const wrong = ask(await url, { digest: { ...digest, password: 'no' } })
    await assert.rejects(wrong, problem('authentication', 401))
    const basicOnly = await served(t, (_, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    await assert.rejects(ask(basicOnly, { digest }), problem('authentication', 401))
  })
})

describe('oauth2 and oidc', () => {
  interface Authority {
    readonly requests: {
      path: string
      authorization?: string | undefined
      type: string
      form: URLSearchParams
    }[]
    /** Seconds; of each next token. */
    life: number
    issued: number
    answer?: (response: ServerResponse) => void
  }

  async function authority(t: TestScope, form = (body: string) => new URLSearchParams(body)) {
    const state: Authority = { requests: [], life: 3_600, issued: 0 }
    const url = await served(t, async (request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url?.endsWith('/.well-known/openid-configuration'))
        return void response.end(
          JSON.stringify({ issuer: `${url}/r`, token_endpoint: `${url}/r/tokens` }),
        )
      const body = await bodyIn(request)
      const { authorization, 'content-type': type = '' } = request.headers
      state.requests.push({ path: request.url ?? '', authorization, type, form: form(body) })
      if (state.answer) return state.answer(response)
      state.issued += 1
      response.end(
        JSON.stringify({
          access_token: `t${state.issued}`,
          token_type: 'bearer',
          expires_in: state.life,
        }),
      )
    })
    return { url, state }
  }
  const client = { id: 'me', secret: 's&cret' }

  test('client credentials: one token is asked for and used until it ends', async (t) => {
    const { url, state } = await authority(t)
    let nowMs = 0
    const raw = createGuardedHttp({ allowHosts: ['127.0.0.0/8'] })
    t.after(() => raw.stop())
    const http = createAuthenticatedHttp(raw, () => nowMs)
    const server = await guardedBy(t, () => `Bearer t${state.issued}`)
    const policy = {
      oauth2: {
        ...{ authority: `${url}/realms/r/`, grant: 'client_credentials', client },
        ...{ scopes: ['a', 'b'], audiences: ['x', 'y'] },
      },
    }
    const ask = async () => (await http.request(policy, { url: server })).status
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [200, 200, 200])
    assert.equal(state.issued, 1)
    const [first] = state.requests
    assert.equal(first?.path, '/realms/r/oauth2/token')
    assert.equal(first?.type, 'application/x-www-form-urlencoded')
    assert.deepEqual(
      [...(first?.form ?? [])],
      [
        ...[
          ['grant_type', 'client_credentials'],
          ['scope', 'a b'],
          ['audience', 'x'],
        ],
        ...[
          ['audience', 'y'],
          ['client_id', 'me'],
          ['client_secret', 's&cret'],
        ],
      ],
    )
    nowMs = 3_569_000
    await ask()
    assert.equal(state.issued, 1)
    nowMs = 3_570_000
    await ask()
    assert.equal(state.issued, 2)
    const other = { oauth2: { ...policy.oauth2, scopes: ['c'] } }
    await http.request(other, { url: server })
    assert.equal(state.issued, 3)
  })

  test('a token that a server refuses is replaced once', async (t) => {
    const { url, state } = await authority(t)
    const ask = asker(t)
    const policy = { oauth2: { authority: url, grant: 'client_credentials', client } }
    let right = 'Bearer t1'
    const server = await guardedBy(t, () => right)
    assert.equal(await ask(server, policy), 'in')
    right = 'Bearer t2'
    assert.equal(await ask(server, policy), 'in')
    right = 'none'
    await assert.rejects(ask(server, policy), problem('authentication', 401))
    assert.equal(state.issued, 3)
  })

  test('the client proves itself in each way of the language', async (t) => {
    const json = (body: string) => new URLSearchParams(Object.entries(JSON.parse(body)))
    const { url, state } = await authority(t)
    const ask = asker(t)
    const last = () => state.requests.at(-1)
    const oauth2 = async (more: object, grant = 'client_credentials') => {
      const server = await guardedBy(t, () => `Bearer t${state.issued}`)
      const policy = { authority: url, endpoints: { token: '/t' }, grant, client, ...more }
      assert.equal(await ask(server, { oauth2: policy }), 'in')
      return Object.fromEntries(last()?.form ?? [])
    }
    const basic = await oauth2({ client: { ...client, authentication: 'client_secret_basic' } })
    assert.equal(last()?.authorization, `Basic ${Buffer.from('me:s%26cret').toString('base64')}`)
    assert.deepEqual(basic, { grant_type: 'client_credentials' })
    const signed = await oauth2({ client: { ...client, authentication: 'client_secret_jwt' } })
    const secret = new TextEncoder().encode(client.secret)
    const { payload } = await jwtVerify(signed.client_assertion ?? '', secret, {
      audience: `${url}/t`,
    })
    assert.deepEqual([payload.iss, payload.sub], ['me', 'me'])
    const assertion = { id: 'me', assertion: 'a.b.c', authentication: 'private_key_jwt' }
    assert.equal((await oauth2({ client: assertion })).client_assertion, 'a.b.c')
    assert.deepEqual(await oauth2({ client: { id: 'me', authentication: 'none' } }), {
      ...{ grant_type: 'client_credentials', client_id: 'me' },
    })
    const password = await oauth2({ username: 'u', password: 'p' }, 'password')
    assert.deepEqual(password, {
      ...{ grant_type: 'password', username: 'u', password: 'p' },
      ...{ client_id: 'me', client_secret: 's&cret' },
    })
    const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
    const exchanged = await oauth2({ subject: { token: 's', type: 'x' } }, exchange)
    assert.deepEqual([exchanged.subject_token, exchanged.subject_token_type], ['s', 'x'])
    const inJson = await authority(t, json)
    const policy = {
      ...{ authority: inJson.url, grant: 'client_credentials', client },
      request: { encoding: 'application/json' },
    }
    const server = await guardedBy(t, () => 'Bearer t1')
    assert.equal(await ask(server, { oauth2: policy }), 'in')
    assert.equal(inJson.state.requests[0]?.form.get('client_secret'), 's&cret')
  })

  test('oidc finds its endpoint, and issuers are checked', async (t) => {
    const { url, state } = await authority(t)
    const ask = asker(t)
    const server = await guardedBy(t, () => 'Bearer t1')
    const policy = { authority: `${url}/r`, grant: 'client_credentials', client }
    assert.equal(await ask(server, { oidc: { ...policy, issuers: [`${url}/r`] } }), 'in')
    assert.equal(state.requests[0]?.path, '/r/tokens')
    const stranger = ask(server, { oidc: { ...policy, issuers: ['https://other'] } })
    await assert.rejects(stranger, problem('authentication', 401, { detail: /issuer/ }))
    const forged = await new SignJWT({ iss: 'https://forged' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new Uint8Array(32))
    state.answer = (response) => response.end(JSON.stringify({ access_token: forged }))
    const forgery = ask(server, { oidc: { ...policy, scopes: ['x'], issuers: [`${url}/r`] } })
    await assert.rejects(forgery, problem('authentication', 401, { detail: /issuer/ }))
  })

  test('an authority that refuses, fails or talks nonsense is an error, and nothing is kept of it', async (t) => {
    const { url, state } = await authority(t)
    const ask = asker(t)
    const server = await guardedBy(t, () => 'Bearer t1')
    const policy = { oauth2: { authority: url, grant: 'client_credentials', client } }
    const answers = (status: number, body: string) => {
      state.answer = (response) => response.writeHead(status).end(body)
    }
    const refusal = '{"error":"invalid_client","error_description":"who?"}'
    answers(401, refusal)
    const detail = /invalid_client: who\?/
    await assert.rejects(ask(server, policy), problem('authentication', 401, { detail }))
    answers(400, refusal)
    await assert.rejects(ask(server, policy), problem('authentication', 401))
    answers(503, '')
    await assert.rejects(ask(server, policy), problem('communication', 503, { retry: 'later' }))
    for (const body of ['', 'x', '[]']) {
      answers(200, body)
      await assert.rejects(ask(server, policy), problem('communication', 502))
    }
    for (const body of ['{}', '{"access_token":""}', '{"access_token":"x","token_type":"mac"}']) {
      answers(200, body)
      await assert.rejects(ask(server, policy), problem('authentication', 401))
    }
    answers(200, 'x'.repeat(100_000))
    await assert.rejects(ask(server, policy), problem('communication', 502))
    for (const grant of ['authorization_code', 'refresh_token'])
      await assert.rejects(
        ask(server, { oauth2: { ...policy.oauth2, grant } }),
        problem('configuration', 400),
      )
    delete state.answer
    assert.equal(await ask(server, policy), 'in')
  })
})

describe('certificate', () => {
  test('shows who asks over TLS, and only there', async (t) => {
    const { authority, server, client } = await testCertificates()
    const tls = createTlsServer(
      { ...server, ca: authority, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const socket = request.socket as TLSSocket
        const name = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined
        response.writeHead(name === 'caller' ? 200 : 403).end('"in"')
      },
    )
    const url = `https://127.0.0.1:${await listening(t, tls)}/`
    const trusting = createGuardedHttp({ allowHosts: ['127.0.0.1'], trustedAuthorities: authority })
    t.after(() => trusting.stop())
    const ask = async (http: typeof trusting, authentication?: object) => {
      const endpoint = {
        uri: url,
        ...(authentication ? { authentication: { ...authentication } } : {}),
      }
      return (await outsideCalls({ http }).functions.http({ method: 'get', endpoint }, context))
        .output
    }
    assert.equal(await ask(trusting, { certificate: client }), 'in')
    await assert.rejects(ask(trusting), problem('authorization', 403))
    const broken = { ...client, cert: 'no certificate' }
    await assert.rejects(ask(trusting, { certificate: broken }), problem('configuration', 400))
    const usual = createGuardedHttp({ allowHosts: ['127.0.0.1'] })
    t.after(() => usual.stop())
    await assert.rejects(
      ask(usual),
      problem('communication', 502, { retry: 'never', detail: /prove/ }),
    )
  })
})
