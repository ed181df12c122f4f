/** Sends CloudEvents through HTTP messages and back, well-formed ones and others. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type CloudEvent, decodeCloudEvents, encodeCloudEvent } from './cloud-event-http.ts'

const event: CloudEvent = {
  ...{ specversion: '1.0', id: '1', source: '/s', type: 't', time: '2018-04-05T03:56:24Z' },
  ...{ datacontenttype: 'application/json', data: { a: [1, null, 'ü'] } },
}

describe('a CloudEvent', () => {
  test('is the same after each mode', () => {
    const attribute = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => s.trim() === s)
    fc.assert(
      fc.property(attribute, attribute, fc.jsonValue(), (id, subject, data) => {
        const sent = { ...event, id, subject, data: JSON.parse(JSON.stringify(data)) }
        for (const mode of ['structured', 'binary'] as const) {
          const { headers, body } = encodeCloudEvent(sent, mode)
          for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]+$/)
          assert.deepEqual(decodeCloudEvents({ headers, body: Buffer.from(body) }), [sent])
        }
      }),
    )
  })

  test('has the headers that the specification gives as an example', () => {
    const { headers } = encodeCloudEvent({ ...event, subject: 'Euro € 😀' }, 'binary')
    assert.equal(headers['ce-subject'], 'Euro%20%E2%82%AC%20%F0%9F%98%80')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['ce-data'], undefined)
  })

  test('holds bytes, text or nothing, too', () => {
    const { data: _, datacontenttype: __, ...bare } = event
    for (const more of [
      {},
      { datacontenttype: 'application/octet-stream', data_base64: 'AP8=' },
      { datacontenttype: 'text/plain', data: 'plain' },
      { datacontenttype: 'image/svg+xml', data: '<svg/>' },
    ]) {
      const sent = { ...bare, ...more } as CloudEvent
      for (const mode of ['structured', 'binary'] as const) {
        const { headers, body } = encodeCloudEvent(sent, mode)
        assert.deepEqual(decodeCloudEvents({ headers, body: Buffer.from(body) }), [sent], mode)
      }
    }
  })

  test('comes in batches', () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const body = JSON.stringify([event, { ...event, id: '2' }])
    assert.deepEqual(
      decodeCloudEvents({ headers, body }).map(({ id }) => id),
      ['1', '2'],
    )
    assert.deepEqual(decodeCloudEvents({ headers, body: '[]' }), [])
  })

  test('of older senders has values in quotes', () => {
    const headers = {
      ...{
        'ce-specversion': '1.0',
        'ce-id': '"a \\"b\\" \\\\c"',
        'ce-source': '/s',
        'ce-type': 't',
      },
    }
    assert.equal(decodeCloudEvents({ headers, body: '' })[0]?.id, 'a "b" \\c')
  })
})

test('what is no CloudEvent is refused, sent or got', () => {
  const bad = { code: 'stream/bad-cloud-event' }
  const json = { 'content-type': 'application/cloudevents+json; charset=UTF-8' }
  for (const change of [
    ...[{ id: '' }, { id: 7 }, { source: undefined }, { type: null }, { specversion: '0.3' }],
    ...[{ Upper: 1 }, { 'a-b': 1 }, { time: 'now' }, { time: 5 }, { data_base64: 'AA==' }],
    ...[{ data: undefined, data_base64: 5 }],
    Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`a${at}`, at])),
  ]) {
    const body = JSON.stringify({ ...event, ...change })
    assert.throws(() => decodeCloudEvents({ headers: json, body }), bad, body)
  }
  for (const body of ['', 'x', '7', '[]', 'null', Buffer.from([0xff])])
    assert.throws(() => decodeCloudEvents({ headers: json, body }), bad)
  const batch = { 'content-type': 'application/cloudevents-batch+json' }
  for (const body of ['{}', '[1]', JSON.stringify(Array.from({ length: 1_001 }, () => event))])
    assert.throws(() => decodeCloudEvents({ headers: batch, body }), bad)
  assert.throws(
    () =>
      decodeCloudEvents({ headers: { 'content-type': 'application/cloudevents+avro' }, body: '' }),
    bad,
  )
  const { headers, body } = encodeCloudEvent(event, 'binary')
  assert.throws(() => decodeCloudEvents({ headers: {}, body }), bad)
  assert.throws(() => decodeCloudEvents({ headers: { ...headers, 'ce-id': '%C0%A0' }, body }), bad)
  assert.throws(() => decodeCloudEvents({ headers, body: '{' }), bad)
  assert.throws(() => encodeCloudEvent({ ...event, list: [1] }, 'binary'), bad)
  assert.throws(() => encodeCloudEvent({ ...event, subject: '\ud800' }, 'binary'), bad)
  assert.throws(() => encodeCloudEvent({ ...event, datacontenttype: 'image/png' }, 'binary'), bad)
})
