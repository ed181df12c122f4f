/** Makes, starts, stops and removes chains in one process, and looks at what failures and kills leave. */

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Chain } from './chain.ts'
import type { ChainSet } from './chain-set.ts'
import { chainOf, named, openNewSet, openSet, transfer } from './test-chain/open-set.ts'
import { temporaryFolder } from './test-chain/short-chain.ts'

const states = (set: ChainSet) => set.list().map(({ name, activity }) => `${name} ${activity}`)

describe('a set of chains', () => {
  test('chains run side by side, and what is signed for one is refused by the other', async (t) => {
    const { set, first } = await openNewSet(t)
    await set.bang(named('side', 8n))
    const side = chainOf(set, 'side')
    await first.submit(transfer(7n, 0n))
    await side.submit(transfer(8n, 0n))
    await side.submit(transfer(8n, 1n))
    assert.equal(first.head().header.number, 1n)
    assert.equal(side.head().header.number, 2n)
    await assert.rejects(side.submit(transfer(7n, 2n)), { code: 'txpool/chain-id' })
    await assert.rejects(first.submit(transfer(8n, 1n)), { code: 'txpool/chain-id' })
    assert.deepEqual(states(set), ['dev running', 'side running'])
  })

  test('a start goes on with the chains that ran, with their own settings', async (t) => {
    const folder = await temporaryFolder(t)
    const { set } = await openSet(folder)
    await set.bang(named('a', 8n), { settings: { poolPerSender: 1 } })
    await set.bang(named('b', 9n), { isStill: true })
    await set.bang(named('c', 10n))
    await set.stop('c')
    await chainOf(set, 'a').submit(transfer(8n, 0n))
    await set.end()

    const { set: again } = await openSet(folder)
    t.after(() => again.end())
    assert.deepEqual(states(again), ['dev running', 'a running', 'b stopped', 'c stopped'])
    const a = chainOf(again, 'a')
    assert.equal(a.head().header.number, 1n)
    await a.submit(transfer(8n, 5n))
    await assert.rejects(a.submit(transfer(8n, 7n)), { code: 'txpool/full' })
    await again.start('b')
    assert.equal(chainOf(again, 'b').head().header.number, 0n)
  })

  test('names, ids and places are taken once', async (t) => {
    const { set, folder } = await openNewSet(t)
    await set.bang(named('side', 8n), { isStill: true })
    await assert.rejects(set.bang(named('side', 9n)), { code: 'chain/name-taken' })
    await assert.rejects(set.bang(named('dev', 9n)), { code: 'chain/name-taken' })
    await assert.rejects(set.bang(named('other', 8n)), { code: 'chain/id-taken' })
    await assert.rejects(set.bang(named('other', 7n)), { code: 'chain/id-taken' })
    await mkdir(path.join(folder, 'full'))
    await writeFile(path.join(folder, 'full', 'something'), '')
    await assert.rejects(set.bang(named('full', 9n)), { code: 'chain/name-taken' })
    const both = [set.bang(named('twin', 9n)), set.bang(named('twin', 10n))]
    const ends = await Promise.allSettled(both)
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    for (const [at, name] of ['d', 'e'].entries()) await set.bang(named(name, 20n + BigInt(at)))
    await assert.rejects(set.bang(named('f', 30n)), { code: 'chain/too-many' })
  })

  test('a chain is removed when it is stopped, and its name is free again', async (t) => {
    const { set, folder } = await openNewSet(t)
    await set.bang(named('side', 8n))
    await assert.rejects(set.remove('side'), { code: 'chain/running' })
    await set.stop('side')
    await set.stop('side')
    await set.remove('side')
    await assert.rejects(set.remove('side'), { code: 'chain/unknown' })
    assert.deepEqual((await readdir(folder)).sort(), ['dev'])
    await set.bang(named('side', 8n))
    assert.equal(chainOf(set, 'side').head().header.number, 0n)
    for (const act of [set.stop('dev'), set.remove('dev')]) {
      await assert.rejects(act, { code: 'chain/first' })
    }
  })

  test('of one chain, one thing is done at a time', async (t) => {
    const { set } = await openNewSet(t)
    await set.bang(named('side', 8n))
    const stopping = set.stop('side')
    assert.equal(set.get('side').activity, 'stopping')
    await assert.rejects(set.start('side'), { code: 'chain/busy', retry: 'later' })
    await assert.rejects(set.remove('side'), { code: 'chain/busy' })
    await stopping
  })

  test('a chain that fails keeps no other from running, and starts when it is mended', async (t) => {
    const folder = await temporaryFolder(t)
    const { set } = await openSet(folder)
    for (const [at, name] of ['a', 'b', 'c'].entries()) {
      await set.bang(named(name, 10n + BigInt(at)))
      await chainOf(set, name).submit(transfer(10n + BigInt(at), 0n))
    }
    await set.end()
    const damaged = path.join(folder, 'a', 'blocks.log')
    const log = await readFile(damaged)
    await writeFile(damaged, log.with(20, (log[20] ?? 0) ^ 1))
    const unread = path.join(folder, 'b', 'manifest.json')
    const manifest = await readFile(unread)
    await writeFile(unread, '{')

    const { set: again } = await openSet(folder)
    t.after(() => again.end())
    assert.deepEqual(states(again), ['dev running', 'a failed', 'b failed', 'c running'])
    assert.match(again.get('a').problem ?? '', /blocks\.log is damaged/)
    assert.match(again.get('b').problem ?? '', /is no JSON/)
    await chainOf(again, 'c').submit(transfer(12n, 1n))
    await assert.rejects(again.start('a'), { code: 'store/damaged-log' })
    assert.equal(again.get('a').activity, 'failed')
    await writeFile(damaged, log)
    await writeFile(unread, manifest)
    for (const name of ['a', 'b']) await again.start(name)
    assert.equal(chainOf(again, 'a').head().header.number, 1n)
    assert.equal(chainOf(again, 'b').head().header.number, 1n)
  })

  test('what a kill left of a birth or a removal is gone after a start', async (t) => {
    const folder = await temporaryFolder(t)
    for (const left of ['.new-half', '.old-gone']) {
      await mkdir(path.join(folder, left), { recursive: true })
      await writeFile(path.join(folder, left, 'manifest.json'), '{"version":1')
    }
    const { set } = await openSet(folder)
    t.after(() => set.end())
    assert.deepEqual(states(set), ['dev running'])
    assert.deepEqual((await readdir(folder)).sort(), ['dev'])
    await set.bang(named('half', 8n))
  })

  test('followers hear of chains that come and go', async (t) => {
    const { set } = await openNewSet(t)
    const heard: string[] = []
    const nameOf = ({ manifest }: Chain) => manifest.name
    await set.follow({
      async opened(chain) {
        heard.push(`opened ${nameOf(chain)}`)
      },
      async closing(chain) {
        // Whoever follows may still ask the chain.
        heard.push(`closing ${nameOf(chain)} at ${chain.head().header.number}`)
      },
    })
    await set.bang(named('side', 8n))
    await set.stop('side')
    await set.start('side')
    assert.deepEqual(heard, ['opened dev', 'opened side', 'closing side at 0', 'opened side'])
  })

  test('settings of a chain are read strictly', async (t) => {
    const { set, folder } = await openNewSet(t)
    await set.bang(named('side', 8n), { isStill: true })
    const file = path.join(folder, 'side', 'settings.json')
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), { isToRun: false })
    for (const text of ['{', '{"stateMemory": 1}', '{"stateArchive": 1}', '{"what": 1}']) {
      await writeFile(file, text)
      await assert.rejects(set.start('side'), { code: 'chain/bad-settings' }, text)
    }
    assert.match(set.get('side').problem ?? '', /settings\.json cannot be read.*what/)
  })
})
