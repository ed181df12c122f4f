/** Checks what the protocol pays and asks for at the ends of a block, with contracts that are only pretended. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concatBytes, fromBigInt, fromHex, padStart, toHex } from '../../base/bytes.ts'
import { sha256 } from '../../crypto/sha256.ts'
import type { Header, Receipt } from '../ledger/block.ts'
import { type DaoFork, type Hardfork, rulesOf } from '../ledger/fork-rules.ts'
import { type Log, LogList } from '../ledger/log-list.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import { createOverlay } from '../state/state-overlay.ts'
import { genesisState } from '../state/trie-state.ts'
import { type BlockEnd, type BlockSite, closeBlockState, openBlockState } from './block-rules.ts'
import type { BlockContext, CallResult } from './evm.ts'
import { depositsOf, publicDepositContract, requestsHash } from './requests.ts'
import { systemAccounts } from './system-contracts.ts'

const miner = new Uint8Array(20).fill(0xcc)
const other = new Uint8Array(20).fill(0xdd)
const ether = 10n ** 18n
const nothing: BlockEnd = { withdrawals: [], ommers: [], calls: [], receipts: [] }

/** A site that notes the calls of the protocol; each gives the end that `ends` has for its address. */
function siteOf(
  hardfork: Hardfork,
  accounts: readonly GenesisAccount[],
  ends: Readonly<Record<string, Pick<CallResult, 'halt' | 'output'>>> = {},
) {
  const calls: string[] = []
  const block = {
    ...{ number: 10n, beneficiary: miner },
    ...{ parentBeaconBlockRoot: Uint8Array.of(5), parentHash: Uint8Array.of(6) },
  } as unknown as BlockContext
  const site: BlockSite = {
    ...{ overlay: createOverlay(genesisState(accounts)), block, rules: rulesOf(hardfork) },
    systemCall: async (to, data) => {
      calls.push(`${toHex(to).slice(-4)}:${data.toHex()}`)
      return ends[toHex(to).slice(-4)] ?? { halt: undefined, output: new Uint8Array() }
    },
  }
  return { site, calls, balance: (address: Uint8Array) => site.overlay.account(address)?.balance }
}

const plain = (address: Uint8Array, balance: bigint): GenesisAccount => ({
  ...{ address, balance, nonce: 0n, code: new Uint8Array(), storage: [] },
})

/** The log of a deposit; `change` puts another number into one of its words. */
function depositLog(change?: readonly [place: number, word: bigint]): Log {
  const word = (value: bigint) => padStart(fromBigInt(value), 32)
  const part = (bytes: Uint8Array) =>
    concatBytes(word(BigInt(bytes.length)), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32))
  const parts = [48, 32, 8, 96, 8].map((length, at) => part(new Uint8Array(length).fill(at + 1)))
  const data = concatBytes(...[160n, 256n, 320n, 384n, 512n].map(word), ...parts)
  if (change) data.set(word(change[1]), change[0])
  const topic = fromHex('0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5')
  return { address: publicDepositContract, topics: [topic], data }
}

describe('the start of a block', () => {
  test('moves the ether of the DAO in the block of its fork, where that was taken', async () => {
    const [dao, extra, refund] = [
      ...['bb9bc244d798123fde783fcc1c72d3bb8c189413', '807640a13483f8ac783c557fcdf27be11ea4ac7a'],
      'bf4ed7b27f1d666546e30d74d50d173d20bca754',
    ].map((hex) => Uint8Array.fromHex(hex)) as [Uint8Array, Uint8Array, Uint8Array]
    const accounts = [plain(dao, 7n * ether), plain(extra, 5n), plain(other, 3n)]
    const after = async (fork: DaoFork) => {
      const { site, balance } = siteOf('homestead', accounts)
      await openBlockState({ ...site, daoFork: fork })
      return [dao, extra, other, refund].map(balance)
    }
    const untouched = [7n * ether, 5n, 3n, undefined]
    assert.deepEqual(await after({ block: 10n, isTaken: true }), [0n, 0n, 3n, 7n * ether + 5n])
    assert.deepEqual(await after({ block: 10n, isTaken: false }), untouched)
    assert.deepEqual(await after({ block: 9n, isTaken: true }), untouched)
  })

  test('tells the contracts of its fork what they keep, where they are', async () => {
    const calls = async (hardfork: Hardfork, accounts: readonly GenesisAccount[]) => {
      const { site, calls } = siteOf(hardfork, accounts)
      await openBlockState(site)
      return calls
    }
    assert.deepEqual(await calls('prague', systemAccounts('prague')), ['ac02:05', '2935:06'])
    assert.deepEqual(await calls('cancun', systemAccounts('prague')), ['ac02:05'])
    assert.deepEqual(await calls('shanghai', systemAccounts('prague')), [])
    assert.deepEqual(await calls('prague', []), [])
  })
})

describe('the end of a block', () => {
  test('pays the maker and the makers of ommers, until the Merge', async () => {
    const ommers = [{ number: 9n, beneficiary: other }] as unknown as readonly Header[]
    const paid = async (hardfork: Hardfork) => {
      const { site, balance } = siteOf(hardfork, [])
      await closeBlockState(site, { ...nothing, ommers })
      return [balance(miner), balance(other)]
    }
    assert.deepEqual(await paid('frontier'), [
      5n * ether + (5n * ether) / 32n,
      (5n * ether * 7n) / 8n,
    ])
    assert.deepEqual(await paid('byzantium'), [
      3n * ether + (3n * ether) / 32n,
      (3n * ether * 7n) / 8n,
    ])
    assert.deepEqual(await paid('london'), [
      2n * ether + (2n * ether) / 32n,
      (2n * ether * 7n) / 8n,
    ])
    assert.deepEqual(await paid('paris'), [undefined, undefined])
  })

  test('pays withdrawals in gwei; nothing paid to an empty account takes it away', async () => {
    const { site, balance } = siteOf('shanghai', [plain(miner, 0n)])
    const withdrawal = (address: Uint8Array, amountGwei: bigint) => ({
      ...{ index: 0n, validatorIndex: 0n, address, amountGwei },
    })
    const withdrawals = [withdrawal(other, 3n), withdrawal(other, 4n), withdrawal(miner, 0n)]
    await closeBlockState(site, { ...nothing, withdrawals })
    assert.equal(balance(other), 7_000_000_000n)
    assert.equal(balance(miner), undefined)
  })

  test('collects requests by type and leaves out empty ones; none before Prague', async () => {
    const ends = { '7251': { halt: undefined, output: Uint8Array.of(9) } }
    const { site, calls } = siteOf('prague', systemAccounts('prague'), ends)
    const receipts = [{ logs: LogList.of([depositLog()]) } as unknown as Receipt]
    const requests = await closeBlockState(site, { ...nothing, receipts })
    assert.ok(!('kind' in requests))
    assert.deepEqual(calls, ['7002:', '7251:'])
    assert.deepEqual(
      requests.map((one) => [one[0], one.length]),
      [
        [0, 193],
        [2, 2],
      ],
    )
    const before = siteOf('cancun', systemAccounts('prague'))
    assert.deepEqual(await closeBlockState(before.site, { ...nothing, receipts }), [])
    assert.deepEqual(before.calls, [])
  })

  test('without a contract of requests, or with one that fails, no block is valid', async () => {
    const end = async (accounts: readonly GenesisAccount[], ends = {}) => {
      const closed = await closeBlockState(siteOf('prague', accounts, ends).site, nothing)
      return 'kind' in closed ? closed.detail : 'valid'
    }
    const all = systemAccounts('prague')
    assert.equal(await end(all), 'valid')
    assert.match(await end(all.slice(0, 3)), /7251 has no code$/)
    const failed = { halt: 'revert', output: new Uint8Array() }
    assert.match(await end(all, { '7002': failed }), /7002 failed: revert$/)
  })
})

describe('requests', () => {
  test('a deposit is its five parts; any other layout is none', () => {
    const deposits = (log: Log, contract = publicDepositContract) =>
      depositsOf([LogList.of([log])], contract)
    const expected = [48, 32, 8, 96, 8].flatMap((length, at) => Array(length).fill(at + 1))
    assert.deepEqual(deposits(depositLog()), Uint8Array.from(expected))
    assert.deepEqual(deposits(depositLog(), other), new Uint8Array())
    const topicless = { ...depositLog(), topics: [] }
    assert.deepEqual(deposits(topicless), new Uint8Array())
    for (const place of [0, 32, 64, 96, 128, 160, 256, 320, 384, 512]) {
      assert.equal(deposits(depositLog([place, 7n])), undefined)
    }
    const longer = { ...depositLog(), data: new Uint8Array(577) }
    assert.equal(deposits(longer), undefined)
  })

  test('their hash is that of their hashes', () => {
    const [a, b] = [Uint8Array.of(0, 1), Uint8Array.of(1, 2)]
    assert.deepEqual(requestsHash([a, b]), sha256(concatBytes(sha256(a), sha256(b))))
    assert.equal(
      toHex(requestsHash([])),
      '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
  })
})
