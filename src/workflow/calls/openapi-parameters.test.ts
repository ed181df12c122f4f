/** Writes parameters as the style table of OpenAPI shows. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../base/json-rpc.ts'
import { problem } from '../test-world/call-world.ts'
import type { ApiParameter } from './openapi-document.ts'
import { writeParameters } from './openapi-parameters.ts'

const values: { readonly [name: string]: Json } = {
  ...{ string: 'blue', array: ['blue', 'black', 'brown'] },
  object: { R: 100, G: 200, B: 150 },
}

const parameter = (more: Partial<ApiParameter>): ApiParameter => ({
  ...{ name: 'color', place: 'query', required: false, style: 'form', explode: false },
  ...{ reserved: false, json: false, ...more },
})

/** OpenAPI 3.1, "Style Examples"; matrix and label of 3.1.1. */
const rows = [
  ['path', 'matrix', false, ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
  [
    'path',
    'matrix',
    true,
    ';color=blue',
    ';color=blue;color=black;color=brown',
    ';R=100;G=200;B=150',
  ],
  ['path', 'label', false, '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
  ['path', 'label', true, '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
  ['path', 'simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
  ['path', 'simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
  ['query', 'form', false, 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
  ['query', 'form', true, 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
  [
    'query',
    'spaceDelimited',
    false,
    '',
    'color=blue%20black%20brown',
    'color=R%20100%20G%20200%20B%20150',
  ],
  [
    'query',
    'pipeDelimited',
    false,
    '',
    'color=blue%7Cblack%7Cbrown',
    'color=R%7C100%7CG%7C200%7CB%7C150',
  ],
  ['query', 'deepObject', true, '', '', 'color[R]=100&color[G]=200&color[B]=150'],
] as const

test('each style writes a text, a list and an object', () => {
  for (const [place, style, explode, ...expected] of rows)
    for (const [at, name] of (['string', 'array', 'object'] as const).entries()) {
      if (expected[at] === '') continue
      const path = place === 'path' ? '/{color}' : '/'
      const parameters = [parameter({ place, style, explode })]
      const written = writeParameters({ path, parameters }, { color: values[name] as Json }).path
      assert.equal(
        written,
        place === 'path' ? `/${expected[at]}` : `/?${expected[at]}`,
        `${style} ${name}`,
      )
    }
})

test('headers and cookies', () => {
  const write = (more: Partial<ApiParameter>, value: Json) =>
    writeParameters({ path: '/', parameters: [parameter(more)] }, { color: value }).headers
  const simple = { place: 'header', style: 'simple' } as const
  assert.deepEqual(write(simple, ['a b', 'c']), { color: 'a b,c' })
  assert.deepEqual(write({ ...simple, explode: true }, { R: 1, G: 2 }), { color: 'R=1,G=2' })
  assert.deepEqual(write({ ...simple, json: true }, { R: 1 }), { color: '{"R":1}' })
  assert.deepEqual(write({ place: 'cookie' }, 'a;b'), { cookie: 'color=a%3Bb' })
})

test('values cannot leave their place', () => {
  const write = (value: Json, more: Partial<ApiParameter> = {}) =>
    writeParameters(
      {
        path: '/a/{color}/b',
        parameters: [parameter({ place: 'path', style: 'simple', ...more })],
      },
      { color: value },
    ).path
  assert.equal(write('../x?y#z'), '/a/..%2Fx%3Fy%23z/b')
  for (const bad of ['', '.', '..', [], null])
    assert.throws(() => write(bad), problem('validation', 400))
  const query = (value: Json, more: Partial<ApiParameter>) =>
    writeParameters({ path: '/', parameters: [parameter(more)] }, { color: value }).path
  assert.equal(query('a&b=c', {}), '/?color=a%26b%3Dc')
  assert.equal(query('a/b?c&d#e', { reserved: true }), '/?color=a/b?c%26d%23e')
  assert.throws(() => query('x', { style: 'deepObject' }), problem('validation', 400))
  assert.throws(
    () => writeParameters({ path: '/', parameters: [parameter({ required: true })] }, {}),
    problem('validation', 400, { detail: /color/ }),
  )
})
