/** Checks which chain of a data folder is opened, what its birth may be, and that what is wrong is named. */

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  exportStoredChain,
  importStoredChain,
  initStoredChain,
  readGenesisFile,
  verifyStoredChain,
} from './stored-chain.ts'

/** Of its own for each name. */
const numberOf = (name: string) => String(Buffer.from(name).readUInt16BE())

const manifest = (name: string) =>
  JSON.stringify({
    ...{ version: 1, name, chainId: numberOf(name), hardfork: 'osaka' },
    consensus: { engine: 'dev', blockTimeMs: 0 },
    genesis: {
      ...{ timestamp: numberOf(name), gasLimit: '30000000', baseFeePerGas: '7', extraData: '0x' },
      accounts: [],
    },
  })

async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-stored-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A folder with chains that have no block but their first. */
async function folderWith(t: Pick<TestContext, 'after'>, ...names: readonly string[]) {
  const data = await temporaryFolder(t)
  for (const name of names) {
    const genesis = path.join(data, `${name}.json`)
    await writeFile(genesis, manifest(name))
    await initStoredChain({ data, file: genesis, settings: {}, isToRun: true })
  }
  return data
}

test('the only chain of a folder need not be named', async (t) => {
  const data = await folderWith(t, 'one')
  const file = path.join(data, 'blocks')
  assert.deepEqual(await exportStoredChain({ data, file, form: 'rlp' }), {
    blocks: 1n,
    isWhole: true,
  })
  assert.deepEqual(await importStoredChain({ data, file }), {
    added: 0,
    known: 1,
    aside: 0,
    head: 0n,
  })
  const { blocks, faultCount, head } = await verifyStoredChain({ data, run: true })
  assert.deepEqual([blocks, faultCount, head.number], [0, 0, 0n])
  const beyond = { data, file: `${file}.2`, form: 'rlp', from: 0n, to: 1n } as const
  await assert.rejects(exportStoredChain(beyond), { message: /which ends with block 0/ })
})

test('an import in vain leaves no chain, and the next one may have another birth', async (t) => {
  const data = await folderWith(t, 'one')
  const [genesis, file] = [path.join(data, 'two.json'), path.join(data, 'blocks')]
  await writeFile(genesis, manifest('two'))
  const chains = () => readdir(path.join(data, 'chains'))
  await assert.rejects(importStoredChain({ data, file, genesis }), { code: 'chain/no-file' })
  assert.deepEqual(await chains(), ['one'])
  await exportStoredChain({ data, file, form: 'rlp' })
  const { refused } = await importStoredChain({ data, file, genesis })
  assert.equal(refused?.rule, 'other-chain')
  assert.deepEqual(await chains(), ['one'])
  // One that was there before stays.
  await writeFile(genesis, manifest('one').replace(numberOf('one'), '8'))
  await assert.rejects(importStoredChain({ data, file, genesis }), {
    code: 'chain/manifest-differs',
  })
  assert.deepEqual(await chains(), ['one'])
})

test('of several chains one has to be named, and one that is there', async (t) => {
  const data = await folderWith(t, 'one', 'two')
  const refused = (name: string | undefined, message: RegExp) =>
    assert.rejects(verifyStoredChain({ data, name, run: false }), { message })
  await refused(undefined, /holds the chains one, two: name one of them/)
  await refused('three', /holds no chain "three", but one, two/)
  await refused('../one', /holds no chain/)
  assert.equal((await verifyStoredChain({ data, name: 'two', run: false })).faultCount, 0)
  await mkdir(path.join(data, 'chains/empty'))
  await refused('empty', /holds no chain "empty"/)
  const nothing = path.join(data, 'nothing')
  await assert.rejects(verifyStoredChain({ data: nothing, run: false }), {
    message: /holds no chain; name the folder of a stored one by --data/,
  })
})

test('a birth is a manifest or a genesis file, and what is neither is refused', async (t) => {
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'birth.json')
  const read = async (text: string) => {
    await writeFile(file, text)
    return readGenesisFile(file, { name: 'given', folder })
  }
  assert.equal((await read(manifest('own'))).name, 'own')
  const genesis = { config: { chainId: 5 }, gasLimit: '0x1388', difficulty: '0x1', alloc: {} }
  assert.equal((await read(JSON.stringify(genesis))).name, 'given')
  const named = (message: string) => ({ message: `${file}: ${message}` })
  await assert.rejects(read('{'), { code: 'ledger/bad-genesis', ...named('it is no JSON') })
  await assert.rejects(read('{}'), named('config must be an object'))
  await assert.rejects(read('{"consensus": 1}'), {
    ...{ code: 'ledger/bad-manifest', ...named('version must be 1') },
  })
  await assert.rejects(readGenesisFile(path.join(folder, 'none'), { name: 'given', folder }), {
    code: 'node/no-genesis',
    message: /cannot be read/,
  })
})
