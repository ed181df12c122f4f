/** Runs `call: openapi` against services of this machine that describe themselves. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { callsFor, context, problem } from '../test-world/call-world.ts'
import { served, type TestScope } from '../test-world/local-server.ts'

interface Seen {
  readonly method: string
  readonly url: string
  readonly type: string
  readonly accept: string
  readonly body: string
}

/** A service that shows what it was asked, at any path but those of its documents. */
async function service(
  t: TestScope,
  documents: (origin: string) => Readonly<Record<string, unknown>>,
) {
  let fetched = 0
  const url = await served(t, async (request, response) => {
    const document = documents(url)[request.url ?? '']
    if (document !== undefined) {
      fetched += 1
      return void response.end(typeof document === 'string' ? document : JSON.stringify(document))
    }
    let body = ''
    for await (const chunk of request) body += chunk
    const { 'content-type': type = '', accept = '' } = request.headers
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ method: request.method, url: request.url, type, accept, body }))
  })
  const { openapi } = callsFor(t)
  const call = async (document: string, operationId: string, parameters: object = {}) => {
    const endpoint = document.includes(':') ? document : `${url}${document}`
    const input = { document: { endpoint }, operationId, parameters: { ...parameters } }
    return (await openapi(input, context)).output as unknown as Seen
  }
  return { url, call, fetched: () => fetched }
}

const petParameter = { name: 'petId', in: 'path', required: true, schema: { type: 'integer' } }

const pets3 = {
  openapi: '3.1.0',
  servers: [{ url: '/{base}/v1', variables: { base: { default: 'api' } } }],
  paths: {
    '/pets/{petId}': {
      parameters: [{ $ref: '#/components/parameters/pet~1id%20x' }],
      get: {
        operationId: 'getPet',
        parameters: [
          { name: 'fields', in: 'query', explode: false },
          { name: 'X-Trace', in: 'header' },
        ],
        responses: {
          200: { $ref: '#/components/responses/pet' },
          404: { content: { 'text/html': {} } },
        },
      },
      put: {
        operationId: 'putPet',
        requestBody: { required: true, content: { 'application/json': {} } },
        servers: [{ url: '/other/' }],
      },
    },
    '/form': {
      post: {
        operationId: 'form',
        requestBody: { content: { 'application/x-www-form-urlencoded': {} } },
      },
    },
    '/upload': {
      post: { operationId: 'upload', requestBody: { content: { 'multipart/form-data': {} } } },
    },
    '/bytes': {
      post: { operationId: 'bytes', requestBody: { content: { 'application/octet-stream': {} } } },
    },
    '/xml': { post: { operationId: 'xml', requestBody: { content: { 'application/xml': {} } } } },
  },
  components: {
    parameters: { 'pet/id x': petParameter },
    responses: { pet: { content: { 'application/json': {}, 'application/vnd.pet+json': {} } } },
  },
}

describe('call: openapi with a document of version 3', () => {
  test('calls an operation with its parameters where they belong', async (t) => {
    const { call, fetched } = await service(t, () => ({ '/openapi.json': pets3 }))
    const got = await call('/openapi.json', 'getPet', {
      petId: 7,
      fields: ['a', 'b'],
      'X-Trace': 'x',
    })
    assert.deepEqual(
      [got.method, got.url, got.accept],
      ['GET', '/api/v1/pets/7?fields=a,b', 'application/json, application/vnd.pet+json'],
    )
    const put = await call('/openapi.json', 'putPet', { petId: 'a/b', body: { name: 'n' } })
    assert.deepEqual([put.method, put.url, put.body], ['PUT', '/other/pets/a%2Fb', '{"name":"n"}'])
    const loose = await call('/openapi.json', 'putPet', { petId: 1, name: 'n', age: 2 })
    assert.equal(loose.body, '{"name":"n","age":2}')
    assert.equal(fetched(), 1)
  })

  test('writes bodies in the types of the operation', async (t) => {
    const { call } = await service(t, () => ({ '/openapi.json': pets3 }))
    const form = await call('/openapi.json', 'form', { a: 'b c', d: [1, 2] })
    assert.deepEqual([form.type, form.body], ['application/x-www-form-urlencoded', 'a=b+c&d=1&d=2'])
    const upload = await call('/openapi.json', 'upload', { 'a"\r\n': 'b', c: { d: 1 } })
    const boundary = upload.type.replace('multipart/form-data; boundary=', '')
    assert.deepEqual(
      upload.body.split(`--${boundary}`).map((part) => part.trim()),
      [
        '',
        'content-disposition: form-data; name="a%22%0D%0A"\r\n\r\nb',
        'content-disposition: form-data; name="c"\r\ncontent-type: application/json\r\n\r\n{"d":1}',
        '--',
      ],
    )
    const bytes = await call('/openapi.json', 'bytes', {
      body: Buffer.from('raw').toString('base64'),
    })
    assert.deepEqual([bytes.type, bytes.body], ['application/octet-stream', 'raw'])
    assert.equal((await call('/openapi.json', 'xml', { body: '<a/>' })).body, '<a/>')
    await assert.rejects(
      call('/openapi.json', 'xml', { body: { a: 1 } }),
      problem('configuration', 400),
    )
  })

  test('parameters that are missing or unknown are errors', async (t) => {
    const { call } = await service(t, () => ({ '/openapi.json': pets3 }))
    const fails = (id: string, parameters: object, detail: RegExp) =>
      assert.rejects(call('/openapi.json', id, parameters), problem('validation', 400, { detail }))
    await fails('getPet', {}, /"petId" is missing/)
    await fails(
      'getPet',
      { petId: 1, colour: 2 },
      /no parameter "colour"; it has: petId, fields, X-Trace/,
    )
    await fails('putPet', { petId: 1 }, /needs a body/)
    await fails('putPet', { petId: 1, body: {}, name: 'n' }, /no parameter "name"/)
  })
})

describe('call: openapi with a document of version 2', () => {
  test('calls operations with query, body and form', async (t) => {
    const { call } = await service(t, (origin) => ({
      '/v2/swagger.yaml': `
swagger: '2.0'
host: ${new URL(origin).host}
basePath: /v2
schemes: [http]
consumes: [application/json]
paths:
  /pet/findByStatus:
    get:
      operationId: findPetsByStatus
      produces: [application/json]
      parameters:
        - {name: status, in: query, required: true, type: array, collectionFormat: multi}
        - {name: tags, in: query, type: array, collectionFormat: pipes}
  /pet:
    post:
      operationId: addPet
      parameters: [{name: pet, in: body, required: true}]
  /pet/{id}:
    post:
      operationId: form
      parameters:
        - {name: id, in: path, required: true}
        - {name: name, in: formData, required: true}
`,
    }))
    const get = await call('/v2/swagger.yaml', 'findPetsByStatus', {
      ...{ status: ['available', 'sold'], tags: ['a', 'b'] },
    })
    assert.equal(get.url, '/v2/pet/findByStatus?status=available&status=sold&tags=a%7Cb')
    for (const name of ['pet', 'body'])
      assert.equal((await call('/v2/swagger.yaml', 'addPet', { [name]: { a: 1 } })).body, '{"a":1}')
    const form = await call('/v2/swagger.yaml', 'form', { id: 3, name: 'x y' })
    assert.deepEqual([form.url, form.body], ['/v2/pet/3', 'name=x+y'])
    const unknown = call('/v2/swagger.yaml', 'form', { id: 3, age: 1 })
    await assert.rejects(unknown, problem('validation', 400, { detail: /id, name/ }))
  })
})

test('documents that are none, lead elsewhere or in circles are errors of configuration', async (t) => {
  const base = { openapi: '3.0.0', servers: [{ url: '/' }] }
  const path3 = (item: unknown) => ({ ...base, paths: { '/a': item } })
  const documents = {
    '/text': 'no document',
    '/list': '[]',
    '/old': '{"swagger": "1.2"}',
    '/bomb': `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join(',')}]`)
      .join('\n')}\n`,
    '/long': `a: ${'x'.repeat(1_100_000)}`,
    '/circle': { ...path3({ $ref: '#/x/a' }), x: { a: { $ref: '#/x/b' }, b: { $ref: '#/x/a' } } },
    '/elsewhere': path3({ $ref: 'https://example.com/x.json#/a' }),
    '/missing': path3({ $ref: '#/nowhere' }),
    '/prototype': path3({ $ref: '#/__proto__/toString' }),
    '/server': { ...path3({ get: { operationId: 'op' } }), servers: [{ url: 'http://[' }] },
  }
  const { call, url } = await service(t, () => documents)
  for (const name of Object.keys(documents))
    await assert.rejects(call(name, 'op'), problem('configuration', 400), name)
  await assert.rejects(call(`${url}/circle`, 'other'), problem('configuration', 400))
  await assert.rejects(call('http://10.0.0.1/x.json', 'op'), problem('configuration', 400))
  await assert.rejects(call('http://127.0.0.1:1/x.json', 'op'), problem('communication', 503))
  const { openapi } = callsFor(t)
  await assert.rejects(openapi({ operationId: 'x' }, context), problem('validation', 400))
})

test('documents in files lie below their folder', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-documents-'))
  t.after(() => rm(folder, { recursive: true }))
  const url = await served(t, (request, response) => void response.end(JSON.stringify(request.url)))
  const document = { ...pets3, servers: [{ url }] }
  await writeFile(path.join(folder, 'pets.json'), JSON.stringify(document))
  await symlink('/etc/passwd', path.join(folder, 'link'))
  const call = async (endpoint: string, within: string | undefined = folder) => {
    const { openapi } = callsFor(t, { folder: within })
    const input = { document: { endpoint }, operationId: 'getPet', parameters: { petId: 1 } }
    return (await openapi(input, context)).output
  }
  for (const uri of ['file://pets.json', 'file:///pets.json'])
    assert.equal(await call(uri), '/pets/1')
  for (const uri of [
    'file:///../../etc/passwd',
    'file:///%2e%2e/x',
    'file:///link',
    'file:///none',
    'file:///',
  ])
    await assert.rejects(call(uri), problem('configuration', 400), uri)
  const { openapi } = callsFor(t)
  const input = { document: { endpoint: 'file:///pets.json' }, operationId: 'getPet' }
  await assert.rejects(
    openapi(input, context),
    problem('configuration', 400, { detail: /no folder/ }),
  )
})
