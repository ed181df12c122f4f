/** Tests that what a definition names elsewhere becomes part of it when it is deployed, or is refused with the reason. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { readDefinition } from './read-definition.ts'
import { runInMemory } from './test-world/memory-context.ts'
import { MemoryInstance } from './test-world/memory-instance.ts'
import { readWhole } from './whole-definition.ts'

const head = "document: {dsl: '1.0.3', namespace: test, name: it, version: '1.0.0'}\n"
const greets = { call: 'https://a.example/inner.yaml', with: { name: '${ .name }' } }
const store: Readonly<Record<string, Json>> = {
  'https://a.example/order.json': { type: 'object', required: ['n'] },
  'https://a.example/catalog/functions/greet/1.2.0/function.yaml': greets,
  'https://a.example/inner.yaml': {
    input: { schema: { resource: { endpoint: 'https://a.example/order.json' } } },
    set: { hello: '${ .n }' },
  },
  'https://raw.githubusercontent.com/o/r/main/functions/log/1.0.0/function.yaml': {
    set: { logged: true },
  },
  'https://a.example/wrong.yaml': { sett: {} },
  'https://a.example/list.json': [],
}
const asked: Json[] = []
const language = {
  functions: {},
  readPart: async (endpoint: Json) => {
    asked.push(endpoint)
    const uri = typeof endpoint === 'string' ? endpoint : (endpoint as { uri: string }).uri
    const found = store[uri]
    if (found === undefined) throw new Error(`${uri} answered 404`)
    return found
  },
}

const orders = `${head}
input: {schema: {format: json, resource: {name: order, endpoint: 'https://a.example/order.json'}}}
do: [{it: {set: {ok: true}}}]`

test('a schema elsewhere is part of the definition, which needs its address no more', async () => {
  const workflow = await readWhole(orders, language)
  const { input } = workflow.document as { readonly input: Json }
  assert.deepEqual(input, {
    schema: { format: 'json', document: { type: 'object', required: ['n'] } },
  })
  assert.equal(workflow.source, orders)
  const again = readDefinition(workflow.document, { functions: {} })
  assert.equal(again.hash, workflow.hash)
  const ending = (data: Json) =>
    runInMemory(new MemoryInstance(), again, { input: data, stimuli: [] })
  assert.partialDeepStrictEqual(await ending({ n: 1 }), { output: { ok: true } })
  assert.partialDeepStrictEqual(await ending({}), { kind: 'failed', problem: { status: 400 } })
})

test('a text that was deployed before has the parts of then, if it is so wanted', async () => {
  const before = await readWhole(orders, language)
  const away = async () => {
    throw new Error('away')
  }
  const deployedBefore = async (text: string) => (text === orders ? before.document : undefined)
  const again = await readWhole(orders, { ...language, readPart: away, deployedBefore })
  assert.deepEqual([again.hash, again.source], [before.hash, orders])
  const other = readWhole(`${orders}\n`, { ...language, readPart: away, deployedBefore })
  await assert.rejects(other, { message: /cannot be got: away/ })
})

test('functions of catalogs, and what these name in their turn, are got once', async () => {
  const text = `${head}
use: {catalogs: {mine: {endpoint: {uri: 'https://a.example/catalog/'}}, hub: {endpoint: 'https://github.com/o/r'}}}
do:
  - log: {call: 'log:1.0.0@hub'}
  - greet: {call: 'greet:1.2.0@mine', with: {name: 7}}
`
  asked.length = 0
  const workflow = await readWhole(text, language)
  assert.deepEqual(asked, [
    'https://raw.githubusercontent.com/o/r/main/functions/log/1.0.0/function.yaml',
    { uri: 'https://a.example/catalog/functions/greet/1.2.0/function.yaml' },
    'https://a.example/inner.yaml',
    'https://a.example/order.json',
  ])
  const again = readDefinition(workflow.document, { functions: {}, deploying: true })
  const run = runInMemory(new MemoryInstance(), again, { input: {}, stimuli: [] })
  assert.partialDeepStrictEqual(await run, { kind: 'failed', problem: { status: 400 } })
})

test('an ABI of a file, of a compiler or with all that a tool writes beside it, names events', async () => {
  const inputs = [{ type: 'address', name: 'who', indexed: true }]
  const abi = [{ type: 'event', name: 'Paid', inputs }]
  for (const file of [abi, { contractName: 'Shop', abi }]) {
    const text = `
name: it
on: {event: Paid, contract: shop, abi: {endpoint: 'file:///shop.json'}}
do: [{it: {set: {ok: true}}}]`
    const { trigger } = await readWhole(text, { ...language, readPart: async () => file as Json })
    assert.equal(trigger.on?.wishes[0]?.attributes.event, 'Paid(address indexed who)')
  }
  const none = { ...language, readPart: async () => ({ abi: 7 }) }
  const text = 'name: it\non: {event: Paid, contract: shop, abi: {endpoint: "file:///x"}}\ndo: []'
  await assert.rejects(readWhole(text, none), {
    message: /the ABI of \/schedule\/on\/one\/with\/abi is none/,
  })
})

test('what cannot be got, or is no such part, is refused', async () => {
  const calls = (name: string) => `${head}do: [{it: {call: '${name}'}}]`
  for (const [text, message] of [
    [
      orders.replace('order.json', 'gone.json'),
      /the schema of \/input\/schema cannot be got: .*404/,
    ],
    [orders.replace('order.json', 'list.json'), /the schema of \/input\/schema is no object/],
    [calls('https://a.example/wrong.yaml'), /use\.functions\.https.*says not what it does/],
    [calls('log:1.0.0@nowhere'), /"log:1\.0\.0@nowhere" is in no catalog of this definition/],
  ] as const) {
    await assert.rejects(readWhole(text, language), { code: 'workflow/bad-definition', message })
  }
  const chain = { ...language, readPart: async (endpoint: Json) => ({ call: `${endpoint}x` }) }
  await assert.rejects(readWhole(calls('https://a.example/x'), chain), /more than 8 deep/)
  // Where nothing is fetched, as in tests, it says so.
  assert.throws(() => readDefinition(orders, { functions: {}, deploying: true }), /"document"/)
})
