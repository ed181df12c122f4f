/** Answers questions about accounts and their storage at a block. */

import { toHex } from '../../base/bytes.ts'
import type { Address } from '../../chain/ledger/transaction.ts'
import { emptyAccount } from '../../chain/state/trie-state.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { toQuantity, toWord } from '../format/quantity.ts'
import { type BlockReference, blockReference, latest } from '../params/block-reference.ts'
import { listOf, optional, type Parser, record } from '../params/parser.ts'
import { address, slot } from '../params/values.ts'
import { stateOf } from '../view/blocks.ts'
import type { ChainContext } from '../view/context.ts'
import { type MethodTable, method } from './method.ts'

const at = optional(blockReference, latest)

/** A slot with the form in which it was asked for. */
const proofKey: Parser<{ readonly slot: bigint; readonly isWord: boolean }> = (value, path) => ({
  slot: slot(value, path),
  isWord: typeof value === 'string' && value.length === 66,
})

/** Slots by address, as `eth_getStorageValues` takes them. */
const storageRequests: Parser<
  readonly { readonly name: string; readonly who: Address; readonly slots: readonly bigint[] }[]
> = (value, path) =>
  Object.entries(record(value, path)).map(([name, keys]) => {
    const where = `${path}.${name.slice(0, 44)}`
    return { name, who: address(name, where), slots: listOf(slot, 100_000)(keys, where) }
  })

export const stateMethods: MethodTable = {
  eth_getBalance: method([address, at], async (context, [who, block]) =>
    toQuantity((await accountAt(context, block, who)).balance),
  ),
  eth_getTransactionCount: method([address, at], async (context, [who, block]) => {
    if (block.kind === 'tag' && block.tag === 'pending')
      return toQuantity(context.chain.pool.nextNonce(who))
    return toQuantity((await accountAt(context, block, who)).nonce)
  }),
  eth_getCode: method([address, at], async (context, [who, block]) => {
    const { state } = await stateOf(context, block)
    const account = state.account(who)
    return toHex(account ? state.code(account.codeHash) : new Uint8Array())
  }),
  eth_getStorageAt: method([address, slot, at], async (context, [who, key, block]) =>
    toWord((await stateOf(context, block)).state.storage(who, key)),
  ),
  eth_getStorageValues: method([storageRequests, at], async (context, [requests, block]) => {
    if (requests.length === 0) throw invalidParams('empty request')
    const count = requests.reduce((sum, { slots }) => sum + slots.length, 0)
    const { proofSlots } = context.limits
    if (count > proofSlots) throw invalidParams(`too many slots (at most ${proofSlots})`)
    const { state } = await stateOf(context, block)
    return Object.fromEntries(
      requests.map(({ name, who, slots }) => [
        name,
        slots.map((key) => toWord(state.storage(who, key))),
      ]),
    )
  }),
  eth_getProof: method(
    [address, optional(listOf(proofKey, 100_000), []), at],
    async (context, [who, keys, block]) => {
      if (keys.length > context.limits.proofSlots)
        throw invalidParams(`params[1]: too many keys (at most ${context.limits.proofSlots})`)
      const { state } = await stateOf(context, block)
      const proof = state.prove(
        who,
        keys.map((key) => key.slot),
      )
      const account = state.account(who) ?? emptyAccount
      return {
        address: toHex(who),
        accountProof: proof.accountProof.map(toHex),
        balance: toQuantity(account.balance),
        codeHash: toHex(account.codeHash),
        nonce: toQuantity(account.nonce),
        storageHash: toHex(proof.storageRoot),
        storageProof: proof.storageProof.map((one, number) => ({
          key: keys[number]?.isWord ? toWord(one.slot) : toQuantity(one.slot),
          value: toQuantity(one.value),
          proof: one.proof.map(toHex),
        })),
      }
    },
  ),
}

async function accountAt(context: ChainContext, block: BlockReference, who: Address) {
  return (await stateOf(context, block)).state.account(who) ?? emptyAccount
}
