/** Makes blocks of a chain of stakes or delegates with its engine and its contract, without votes: each block is what all would decide. */

import assert from 'node:assert/strict'
import { fromBigInt, padStart, toBigInt } from '../../base/bytes.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { keyAddress, type SigningKey, schemeFacts, signingKey } from '../../crypto/signatures.ts'
import { type BuiltBlock, buildBlock, runBlock } from '../block-building.ts'
import { closingOn } from '../block-closing.ts'
import type { BftState } from '../consensus/bft-state.ts'
import { engineBirth } from '../consensus/birth.ts'
import { bitMap } from '../consensus/bit-map.ts'
import type { ChainReader, HeadSummary } from '../consensus/consensus.ts'
import { contractAddresses } from '../consensus/contract-layout.ts'
import type { ContractReader } from '../consensus/contract-reader.ts'
import { createEngine } from '../consensus/create-engine.ts'
import type { Derived } from '../consensus/derived.ts'
import { doubleVote } from '../consensus/evidence.ts'
import type { Certificate, NamedEvidence, SignedVote, VoteContent } from '../consensus/messages.ts'
import { possessionBytes } from '../consensus/possession.ts'
import { hashChainSecret, type RevealSource, revealSeed } from '../consensus/randao.ts'
import { decodeRecord } from '../consensus/record.ts'
import { voteSignBytes } from '../consensus/sign-bytes.ts'
import { systemAddress, systemCallGas } from '../evm/block-rules.ts'
import { createEvm } from '../evm/create-evm.ts'
import { contextOf } from '../evm/evm.ts'
import { genesisOf } from '../genesis.ts'
import type { Block } from '../ledger/block.ts'
import { chainRules } from '../ledger/fork-schedule.ts'
import type { Manifest } from '../ledger/manifest.ts'
import { chainKey, parseManifest } from '../ledger/manifest-codec.ts'
import type { Address, Hash, Transaction, UnsignedTransaction } from '../ledger/transaction.ts'
import { encodeTransaction, signTransaction, transactionHash } from '../ledger/transaction-codec.ts'
import type { State } from '../state/state.ts'
import type { TxPool } from '../txpool/txpool.ts'
import { openReveals } from '../validating/validator-reveals.ts'

/** Something that an account does in a block. */
export interface WorldCall {
  /** Number of the account, from 1. */
  readonly from: number
  readonly data?: Uint8Array
  readonly valueWei?: bigint
  /** The contract of the validators unless given. */
  readonly to?: Address
}

/** How a block comes about. */
export interface WorldBlock {
  readonly calls?: readonly WorldCall[]
  /** The round in which it is proposed; those before brought nothing. */
  readonly round?: number
  /** Who did not sign the block before. */
  readonly absent?: readonly Address[]
  /** Numbers of validators who voted twice for the block before. */
  readonly twice?: readonly number[]
}

/** The private key of an account that has ether, by its number from 1. */
const accountKey = (number: number) => new Uint8Array(32).fill(number)
/** Its address. */
export const accountOf = (number: number): Address => addressOfKey(accountKey(number))
/** The seed of a validator's key, by number. */
const seedOf = (number: number) => new Uint8Array(32).fill(number + 100)
/** The key of a validator, by number. */
export const validatorKey = (number: number): SigningKey => signingKey('ed25519', seedOf(number))
/** Its address. */
export const validatorOf = (number: number): Address => keyAddress(validatorKey(number))
/** What its hash chains come from. */
export const worldRevealSeed = (number: number): Uint8Array => revealSeed(seedOf(number))

const chainId = 7n
const gwei = 10n ** 9n
/** Where a validator's fees go. */
export const payToOf = (number: number): Address => new Uint8Array(20).fill(number)

/** The secret of a validator's hash chain. */
export const secretOf = (number: number, chain = 0): Hash =>
  hashChainSecret(worldRevealSeed(number), { chainId, number: chain })

/** A manifest of a chain with twelve accounts that have ether. */
export function stakedManifest(consensus: object): Manifest {
  const accounts = Array.from({ length: 12 }, (_, at) => ({
    ...{ address: `0x${accountOf(at + 1).toHex()}`, balance: String(10n ** 24n) },
  }))
  return parseManifest(
    JSON.stringify({
      ...{ version: 1, name: 'stakes', chainId: String(chainId), hardfork: 'osaka', consensus },
      genesis: {
        ...{ timestamp: '1000', gasLimit: '60000000', baseFeePerGas: String(gwei) },
        ...{ extraData: '0x', accounts },
      },
    }),
  )
}

/** A key with a proof for an owner, as the contracts take it. */
export function provenKey(
  key: SigningKey,
  place: { readonly chain: Hash; readonly owner: Address },
) {
  return {
    ...{ scheme: schemeFacts[key.scheme].byte, publicKey: `0x${key.publicKey.toHex()}` as const },
    proof: `0x${key.sign(possessionBytes(place.chain, place.owner)).toHex()}` as const,
  }
}

/** What an account does, as a transaction. */
export function signedCall(
  { from, to, data = new Uint8Array(), valueWei = 0n }: WorldCall & { readonly to: Address },
  nonce: bigint,
  id = chainId,
): Transaction {
  const unsigned = {
    ...{ type: 2, chainId: id, nonce, gasLimit: 5_000_000n, to, value: valueWei, data },
    ...{ accessList: [], maxFeePerGas: 2n * gwei, maxPriorityFeePerGas: 0n },
  } as UnsignedTransaction
  return signTransaction(unsigned, accountKey(from))
}

/** Hash chains take long, and are those of all worlds. */
const known = new Map<string, Promise<RevealSource>>()

function revealsOf(numbers: readonly number[], derived: Derived): Promise<RevealSource> {
  const name = numbers.join()
  const opened =
    known.get(name) ??
    openReveals(
      numbers.map((number) => ({ address: validatorOf(number), seed: worldRevealSeed(number) })),
      { chainId, derived },
    )
  known.set(name, opened)
  return opened
}

/** A chain whose blocks are made here; of validators so many have hash chains that are known. */
export async function stakedWorld(manifest: Manifest, revealing: readonly number[] = []) {
  const [rules, key] = [chainRules(manifest), chainKey(manifest)]
  const [evm, birth] = [await createEvm(rules), engineBirth(manifest.consensus)]
  assert.ok(birth)
  const reveals = await revealsOf(revealing, birth.derived)
  const engine = createEngine(manifest, rules, { chainKey: key, reveals })
  const first = genesisOf(manifest)
  const contract = contractAddresses[manifest.consensus.engine === 'pos' ? 'staking' : 'delegates']
  let state: State = first.state
  const chain: { readonly block: Block; readonly derived: Derived }[] = [
    { block: first.executed.block, derived: birth.derived },
  ]
  const head = () => chain.at(-1) as (typeof chain)[number]
  const reader: ContractReader = {
    storage: (address, slot) => padStart(fromBigInt(state.storage(address, toBigInt(slot))), 32),
  }
  const isHead = (hash: Hash) => hash.toHex() === head().block.hash.toHex()
  const reading: ChainReader = {
    header: (hash) => (isHead(hash) ? head().block : undefined),
    derived: (hash) => (isHead(hash) ? head().derived : undefined),
    setAt: (height) => chain[Number(height) - 1]?.derived.validators,
    totalWork: () => undefined,
  }

  /** Two votes of a validator at the height of the head. */
  function faultOf(number: number): NamedEvidence {
    const { block } = head()
    const height = block.header.number
    const set = chain.at(-2)?.derived.validators
    assert.ok(set)
    const validatorIndex = set.list.findIndex(
      ({ address }) => address.toHex() === validatorOf(number).toHex(),
    )
    const [one, other] = [block.hash, undefined].map((value): SignedVote => {
      const content: VoteContent = {
        ...{ instance: 0, type: 'precommit', height, round: 0, validRound: -1, value },
      }
      const signBytes = voteSignBytes(content, { chainKey: key, setHash: set.hash })
      return { ...content, validatorIndex, signature: validatorKey(number).sign(signBytes) }
    }) as [SignedVote, SignedVote]
    const evidence = doubleVote(one, other)
    assert.ok(evidence)
    return { signer: validatorOf(number), evidence }
  }

  function transactionOf(call: WorldCall, sentBefore: number) {
    const nonce = (state.account(accountOf(call.from))?.nonce ?? 0n) + BigInt(sentBefore)
    const transaction = signedCall({ to: contract, ...call }, nonce)
    const [hash, raw] = [transactionHash(transaction), encodeTransaction(transaction)]
    return { transaction, sender: accountOf(call.from), hash, raw }
  }

  function draftOf({ round = 0, absent = [], twice = [] }: WorldBlock) {
    const { block, derived } = head()
    const parent = chain.at(-2)?.derived
    const names = new Set(absent.map((one) => one.toHex()))
    const list = parent?.validators.list ?? []
    const signers = bitMap(list.length, (at) => !names.has(list[at]?.address.toHex() ?? ''))
    const { number } = block.header
    const proof: Certificate = {
      ...{ type: 'commit', instance: 0, height: number, round: 0, value: block.hash },
      ...{ validRound: -1, signers, signatures: [] },
    }
    const summary: HeadSummary = {
      ...{ number, hash: block.hash, parent: block.header.parentHash },
      ...{ timestampMs: block.header.timestamp * 1_000n, finalNumber: number },
    }
    const nowMs = Number(summary.timestampMs) + 1_000
    const { state: started } = engine.start({
      ...{ head: summary, header: block.header, derived, parentDerived: parent, nowMs },
      proof: number > 0n ? proof : undefined,
    })
    const { core } = started as BftState
    const evidence = twice.map(faultOf)
    const turn = { ...(started as BftState), core: { ...core, round }, evidence }
    const draft = engine.draft?.(turn, nowMs)
    assert.ok(draft)
    return { draft, nowMs }
  }

  async function block(given: WorldBlock = {}): Promise<BuiltBlock> {
    const { calls = [] } = given
    const { block: parent, derived } = head()
    const { draft, nowMs } = draftOf(given)
    const waiting = calls.map((call, at) =>
      transactionOf(call, calls.slice(0, at).filter(({ from }) => from === call.from).length),
    )
    const best = Object.assign(waiting.values(), {
      leaveSender: () => assert.fail('no block takes it'),
    })
    const close = closingOn(engine, derived)
    const site = { evm, rules, parent: parent.header, state, close, blockHash: () => undefined }
    const pool = { best: () => best, drop: () => assert.fail('it is invalid') } as unknown as TxPool
    const built = await buildBlock(site, { draft, pool, isLate: () => false })
    const { executed } = built
    assert.ok(executed.receipts.every(({ succeeded }) => succeeded))
    assert.deepEqual(engine.checkHeader(reading, executed.block, nowMs), { kind: 'valid' })
    const senders = waiting.map(({ sender }) => sender)
    const again = await runBlock(site, { block: executed.block, senders })
    assert.ok('derived' in again && built.derived)
    assert.deepEqual(again.derived, built.derived)
    state = built.state
    chain.push({ block: executed.block, derived: built.derived })
    return built
  }

  return {
    ...{ manifest, key, engine, block, reader, chain, contract },
    state: () => state,
    derived: () => head().derived,
    height: () => head().block.header.number,
    record: () => decodeRecord(head().block.record as Uint8Array),
    /** Makes blocks up to and with a height. */
    async until(height: bigint, given: Omit<WorldBlock, 'calls'> = {}): Promise<void> {
      while (head().block.header.number < height) await block(given)
    },
    /** What a view of the contract gives. */
    async view(data: Uint8Array): Promise<Uint8Array> {
      const context = contextOf(head().block.header, () => undefined)
      const { halt, output } = await evm.call(state, context, {
        ...{ from: systemAddress, to: contract, value: 0n, data, gasLimit: systemCallGas },
        ...{ gasPrice: 0n, accessList: [] },
      })
      assert.equal(halt, undefined)
      return output
    },
  }
}
