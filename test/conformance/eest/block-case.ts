/** Runs a public block test: imports its blocks, of which the wrong ones must be refused and the rest end in its head. */

import { AppError } from '../../../src/base/app-error.ts'
import { equalBytes, fromHex, toHex } from '../../../src/base/bytes.ts'
import { runBlock } from '../../../src/chain/block-building.ts'
import type { ChainReader } from '../../../src/chain/consensus/consensus.ts'
import { ethereumEngine } from '../../../src/chain/consensus/ethereum.ts'
import type { Evm } from '../../../src/chain/evm/evm.ts'
import type { Block } from '../../../src/chain/ledger/block.ts'
import { decodeBlock } from '../../../src/chain/ledger/block-codec.ts'
import type { ChainRules } from '../../../src/chain/ledger/fork-rules.ts'
import type { Hash } from '../../../src/chain/ledger/transaction.ts'
import { senderOf } from '../../../src/chain/ledger/transaction-codec.ts'
import type { State } from '../../../src/chain/state/state.ts'
import { type Accounts, stateOf } from './accounts.ts'
import type { TestConfig } from './forks.ts'

/** One test. */
export interface BlockTest {
  readonly network: string
  readonly config?: TestConfig
  readonly genesisRLP: string
  readonly genesisBlockHeader: { readonly hash: string }
  readonly pre: Accounts
  readonly blocks: readonly { readonly rlp: string; readonly expectException?: string }[]
  readonly lastblockhash: string
}

interface Known {
  readonly block: Block
  readonly state: State
}

/** The chain of a test in memory. */
class TestChain {
  readonly #evm: Evm
  readonly #rules: ChainRules
  readonly #engine: ReturnType<typeof ethereumEngine>
  readonly #known = new Map<string, Known>()
  head: Known

  constructor(evm: Evm, rules: ChainRules, genesis: Known) {
    this.#evm = evm
    this.#rules = rules
    this.#engine = ethereumEngine(rules)
    this.head = genesis
    this.#known.set(genesis.block.hash.toHex(), genesis)
  }

  /** Only the head is asked for: these blocks have no work that counts. */
  readonly #reader: ChainReader = {
    header: (hash) => this.#known.get(hash.toHex())?.block,
    derived: () => undefined,
    totalWork: () => undefined,
  }

  /** Takes a block on top of the head; gives the reason if it is refused. */
  async import(block: Block): Promise<string | undefined> {
    const { header } = block
    const blockOf = (hash: Hash) => this.#known.get(hash.toHex())?.block
    const parent = this.head.block.header
    for (const verdict of [
      this.#engine.checkHeader(this.#reader, block, 0),
      this.#engine.checkOmmers(block, blockOf),
    ]) {
      if (verdict.kind === 'invalid') return `${verdict.rule}: ${verdict.detail}`
    }
    const blockHash = (number: bigint) => this.#hashOf(number, header.parentHash)
    const site = { evm: this.#evm, rules: this.#rules, parent, state: this.head.state, blockHash }
    const { hardfork } = this.#rules.rulesAt(header)
    const senders = block.transactions.map((one) => senderOf(one, hardfork))
    const ran = await runBlock(site, { block, senders })
    if ('kind' in ran) return `${ran.rule}: ${ran.detail}`
    this.head = { block, state: ran.state }
    this.#known.set(block.hash.toHex(), this.head)
    return undefined
  }

  #hashOf(number: bigint, from: Hash): Hash | undefined {
    let known = this.#known.get(from.toHex())
    while (known && known.block.header.number > number) {
      known = this.#known.get(known.block.header.parentHash.toHex())
    }
    return known?.block.hash
  }
}

/** A block, or why its bytes are none. */
function read(raw: Uint8Array): Block | string {
  try {
    return decodeBlock(raw)
  } catch (error) {
    if (error instanceof AppError) return error.message
    throw error
  }
}

/** Runs a test; gives what is wrong, or nothing. */
export async function blockFault(
  evm: Evm,
  rules: ChainRules,
  test: BlockTest,
): Promise<string | undefined> {
  const state = stateOf(test.pre)
  const genesis = decodeBlock(fromHex(test.genesisRLP))
  if (!equalBytes(state.root, genesis.header.stateRoot)) return 'another root of the first state'
  if (toHex(genesis.hash) !== test.genesisBlockHeader.hash) return 'another first block'
  const chain = new TestChain(evm, rules, { block: genesis, state })
  for (const [at, { rlp, expectException }] of test.blocks.entries()) {
    const block = read(fromHex(rlp))
    const refusal = typeof block === 'string' ? block : await chain.import(block)
    if (refusal && !expectException) return `block ${at} refused: ${refusal}`
    if (!refusal && expectException) return `block ${at} not refused for ${expectException}`
  }
  return toHex(chain.head.block.hash) === test.lastblockhash ? undefined : 'another head'
}
