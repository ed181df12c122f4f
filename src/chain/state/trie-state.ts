/** Keeps the state of a chain in tries that share their nodes from block to block. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes, fromBigInt, padStart } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { Account, AccountChange, AccountProof, Difference, State } from './state.ts'
import {
  type Trie,
  type TrieValue,
  trieGet,
  trieProof,
  triePut,
  trieRemove,
  trieRoot,
} from './trie.ts'

/** keccak-256 of no bytes: the code hash of an account without code. */
export const emptyCodeHash: Hash = keccak256(new Uint8Array())

/** A leaf of the account trie, with the account's own trie at hand. */
interface AccountLeaf extends TrieValue {
  readonly account: Account
  readonly storage: Trie<SlotLeaf>
}

/** A leaf of a storage trie. */
interface SlotLeaf extends TrieValue {
  readonly value: bigint
}

/** The state of nothing. */
export function emptyState(): State {
  return new TrieState(undefined, new Map())
}

/** The state at the birth of a chain. */
export function genesisState(accounts: readonly GenesisAccount[]): State {
  return emptyState().apply({
    accounts: accounts.map(({ address, balance, nonce, code, storage }) => ({
      address,
      account: { balance, nonce, codeHash: keccak256(code) },
      storageWiped: false,
      slots: storage,
    })),
    codes: accounts.map(({ code }) => code).filter((code) => code.length > 0),
  })
}

/** Most entries of the cache of hashed keys, which are hashed anew when they are not in it. */
const maxHashedKeys = 100_000

/** keccak-256 of addresses and slots, kept between blocks. */
class KeyHashes {
  readonly #hashes = new Map<string, Hash>()

  of(key: Uint8Array): Hash {
    const name = key.toHex()
    const known = this.#hashes.get(name)
    if (known) return known
    if (this.#hashes.size >= maxHashedKeys) this.#hashes.clear()
    const hash = keccak256(key)
    this.#hashes.set(name, hash)
    return hash
  }
}

const keyHashes = new KeyHashes()
const slotKey = (slot: bigint) => keyHashes.of(padStart(fromBigInt(slot), 32))

class TrieState implements State {
  readonly #accounts: Trie<AccountLeaf>
  /** Code by its hash in hex, shared by all versions of a chain's state. */
  readonly #codes: Map<string, Uint8Array>
  #root: Hash | undefined

  constructor(accounts: Trie<AccountLeaf>, codes: Map<string, Uint8Array>) {
    this.#accounts = accounts
    this.#codes = codes
  }

  get root(): Hash {
    this.#root ??= trieRoot(this.#accounts)
    return this.#root
  }

  account(address: Address): Account | undefined {
    return this.#leaf(address)?.account
  }

  storage(address: Address, slot: bigint): bigint {
    return trieGet(this.#leaf(address)?.storage, slotKey(slot))?.value ?? 0n
  }

  hasStorage(address: Address): boolean {
    return this.#leaf(address)?.storage !== undefined
  }

  code(codeHash: Hash): Uint8Array {
    if (equalBytes(codeHash, emptyCodeHash)) return new Uint8Array()
    const code = this.#codes.get(codeHash.toHex())
    if (code) return code
    const message = `the state has no code with the hash 0x${codeHash.toHex()}`
    throw new AppError({ code: 'state/unknown-code', message })
  }

  apply(difference: Difference): State {
    for (const code of difference.codes) this.#codes.set(keccak256(code).toHex(), code)
    let accounts = this.#accounts
    for (const change of difference.accounts) {
      const key = keyHashes.of(change.address)
      accounts =
        change.account === undefined
          ? trieRemove(accounts, key)
          : triePut(accounts, key, changed(trieGet(accounts, key), change, change.account))
    }
    return new TrieState(accounts, this.#codes)
  }

  prove(address: Address, slots: readonly bigint[]): AccountProof {
    const leaf = this.#leaf(address)
    return {
      account: leaf?.account,
      storageRoot: trieRoot(leaf?.storage),
      accountProof: trieProof(this.#accounts, keyHashes.of(address)),
      storageProof: slots.map((slot) => ({
        slot,
        value: this.storage(address, slot),
        proof: trieProof(leaf?.storage, slotKey(slot)),
      })),
    }
  }

  #leaf(address: Address): AccountLeaf | undefined {
    return trieGet(this.#accounts, keyHashes.of(address))
  }
}

/** The leaf of an account after its change. */
function changed(
  before: AccountLeaf | undefined,
  { storageWiped, slots }: AccountChange,
  account: Account,
): AccountLeaf {
  let storage = storageWiped ? undefined : before?.storage
  for (const [slot, value] of slots) {
    storage =
      value === 0n
        ? trieRemove(storage, slotKey(slot))
        : triePut(storage, slotKey(slot), { encoded: encodeRlp(rlpInteger(value)), value })
  }
  const { nonce, balance, codeHash } = account
  const fields = [rlpInteger(nonce), rlpInteger(balance), trieRoot(storage), codeHash]
  return { encoded: encodeRlp(fields), account, storage }
}
