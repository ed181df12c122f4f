/** Keeps the states after the blocks of a chain as versions of one trie. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { Account, AccountChange, AccountProof, Difference, State } from './state.ts'
import { type Node, TrieKernel } from './versions/trie-kernel.ts'
import { dropVersion, emptyVersion, nextVersion, type Version } from './versions/version.ts'

/** keccak-256 of no bytes: the code hash of an account without code. */
export const emptyCodeHash: Hash = keccak256(new Uint8Array())

/** The state of nothing. */
export function emptyState(): State {
  return new TrieState(new Store(), emptyVersion())
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

/** What all states of a chain share. */
class Store {
  readonly kernel = new TrieKernel()
  /** Code by its hash in hex. */
  readonly codes = new Map<string, Uint8Array>()
  /** Drops versions whose state nobody holds any more, and nobody released. */
  readonly forgotten = new FinalizationRegistry<Version>((version) =>
    dropVersion(this.kernel, version),
  )
}

class TrieState implements State {
  readonly #store: Store
  readonly #version: Version
  #root: Hash | undefined

  constructor(store: Store, version: Version) {
    this.#store = store
    this.#version = version
    store.forgotten.register(this, version, this)
  }

  get root(): Hash {
    this.#root ??= this.#store.kernel.rootHash(this.#node())
    return this.#root
  }

  account(address: Address): Account | undefined {
    return this.#store.kernel.account(this.#node(), address)
  }

  storage(address: Address, slot: bigint): bigint {
    return this.#store.kernel.storage(this.#node(), address, slot)
  }

  hasStorage(address: Address): boolean {
    return this.#store.kernel.hasStorage(this.#node(), address)
  }

  code(codeHash: Hash): Uint8Array {
    if (equalBytes(codeHash, emptyCodeHash)) return new Uint8Array()
    const code = this.#store.codes.get(codeHash.toHex())
    if (code) return code
    const message = `the state has no code with the hash 0x${codeHash.toHex()}`
    throw new AppError({ code: 'state/unknown-code', message })
  }

  apply({ accounts, codes }: Difference): State {
    this.#node()
    for (const code of codes) this.#store.codes.set(keccak256(code).toHex(), code)
    const { kernel } = this.#store
    const version = nextVersion(kernel, this.#version, (root) => {
      let changed = root
      for (const change of accounts) changed = applyChange(kernel, changed, change)
      return changed
    })
    return new TrieState(this.#store, version)
  }

  prove(address: Address, slots: readonly bigint[]): AccountProof {
    const { kernel } = this.#store
    const proof = kernel.prove(this.#node(), address, slots)
    const storageProof = slots.map((slot, place) => ({
      slot,
      value: this.storage(address, slot),
      proof: proof.slotProofs[place] ?? [],
    }))
    const { storageRoot, accountProof } = proof
    return { account: this.account(address), storageRoot, accountProof, storageProof }
  }

  release(): void {
    if (this.#version.dropped) return
    this.#store.forgotten.unregister(this)
    dropVersion(this.#store.kernel, this.#version)
  }

  #node(): Node {
    if (!this.#version.dropped) return this.#version.root
    const message = 'the state of this block is not kept any more; ask for a later block'
    throw new AppError({ code: 'state/not-kept', message })
  }
}

function applyChange(
  kernel: TrieKernel,
  root: Node,
  { address, account, storageWiped, slots }: AccountChange,
): Node {
  if (account === undefined) return kernel.removeAccount(root, address)
  const isSame = slots.length === 0 && !storageWiped && kernel.isAccount(root, address, account)
  if (isSame) return root
  const changed = kernel.putAccount(root, address, account)
  if (storageWiped) kernel.wipeStorage()
  for (const [slot, value] of slots) kernel.putSlot(slot, value)
  return changed
}
