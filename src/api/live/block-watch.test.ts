/** Checks that new blocks are told once and in order, through reorganisations, and that looking ends with its listeners. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import type { ApiChain } from '../api-dependencies.ts'
import { BlockWatch } from './block-watch.ts'

/** A chain of named blocks whose head can be replaced. */
function scripted() {
  let names: string[] = []
  let asked = 0
  const block = (at: number) => ({
    ...{
      number: `0x${at.toString(16)}`,
      hash: hashOf(names[at]),
      parentHash: hashOf(names[at - 1]),
    },
    ...{ timestamp: '0x1', transactions: [], gasUsed: '0x0', gasLimit: '0x0', miner: '0x' },
  })
  const request: JsonRpcClient['request'] = async (_, [which] = []) => {
    asked += 1
    const at =
      which === 'latest' ? names.length - 1 : names.findIndex((one) => hashOf(one) === which)
    return at < 0 ? null : block(at)
  }
  const chain = { name: 'c', client: { request } } as unknown as ApiChain
  return { chain, set: (path: string) => (names = path.split(' ')), asked: () => asked }
}

const hashOf = (name = 'none') => `0x${Buffer.from(name).toString('hex').padEnd(64, '0')}`
const nameOf = (hash: string) => Buffer.from(hash.slice(2), 'hex').toString().replaceAll('\0', '')

test('blocks are told once, in order, and again from where the chain has changed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { chain, set } = scripted()
  const told: string[] = []
  const end = new BlockWatch([chain]).subscribe(({ hash }) => told.push(nameOf(hash)))
  const after = async (path: string) => {
    set(path)
    told.length = 0
    t.mock.timers.tick(250)
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
    return told.join(' ')
  }
  assert.equal(await after('0 1 2'), '2')
  assert.equal(await after('0 1 2 3 4'), '3 4')
  assert.equal(await after('0 1 2 3 4'), '')
  assert.equal(await after('0 1 2 3 4b'), '4b')
  assert.equal(await after('0 1 2 3b 4c 5'), '3b 4c 5')
  assert.equal(await after('0 1 2'), '')
  assert.equal(await after('0 1 2 3b'), '3b')
  end()
})

test('one look at a time, however often listeners come and go', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { chain, set, asked } = scripted()
  set('0')
  const watch = new BlockWatch([chain])
  let end = watch.subscribe(() => {})
  for (let times = 0; times < 10; times += 1) {
    // The last listener leaves while a look is under way, and another one comes.
    t.mock.timers.tick(250)
    end()
    end = watch.subscribe(() => {})
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
  }
  const before = asked()
  t.mock.timers.tick(250)
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
  assert.equal(asked() - before, 1)
  end()
})
