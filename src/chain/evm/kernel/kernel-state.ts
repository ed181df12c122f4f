/** Shows what a kernel holds as a state that can be written between transactions. */

import { keccak256 } from '../../../crypto/keccak.ts'
import type { Address, Hash } from '../../ledger/transaction.ts'
import { encodeDifference } from '../../state/difference-codec.ts'
import type { Account, AccountChange, EncodedDifference, StateOverlay } from '../../state/state.ts'
import { emptyAccount, emptyCodeHash } from '../../state/trie-state.ts'
import type { Kernel } from './kernel.ts'

/** The state of the kernel, with everything that was changed since its block began. */
export class KernelState implements StateOverlay {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  account(address: Address): Account | undefined {
    return this.accountIn(this.#kernel.account(address))
  }

  /** The account with this number in the kernel. */
  accountIn(entry: number): Account | undefined {
    const { numbers, limbs, bytes } = this.#kernel
    const { ACCOUNT_FLAGS, ACCOUNT_NONCE, ACCOUNT_BALANCE, ACCOUNT_CODE_HASH } = this.#kernel.at
    if (!((numbers[(entry + ACCOUNT_FLAGS) / 4] ?? 0) & this.#kernel.at.FLAG_EXISTS))
      return undefined
    return {
      nonce: limbs[(entry + ACCOUNT_NONCE) / 8] ?? 0n,
      balance: this.#kernel.word(entry + ACCOUNT_BALANCE),
      codeHash: codeHashAt(bytes, entry + ACCOUNT_CODE_HASH),
    }
  }

  storage(address: Address, key: bigint): bigint {
    const slot = this.#kernel.slot(this.#kernel.account(address), key)
    return this.#kernel.word(slot + this.#kernel.at.SLOT_VALUE)
  }

  hasStorage(address: Address): boolean {
    const { numbers, state } = this.#kernel
    const entry = this.#kernel.account(address)
    const set = this.#dirtySlots().get(entry)
    if (set?.some(([, value]) => value !== 0n)) return true
    const flags = numbers[(entry + this.#kernel.at.ACCOUNT_FLAGS) / 4] ?? 0
    return !(flags & this.#kernel.at.FLAG_WIPED) && state.hasStorage(address)
  }

  code(codeHash: Hash): Uint8Array {
    return this.#kernel.code(codeHash)
  }

  setAccount(address: Address, account: Account | undefined): void {
    const entry = this.#kernel.account(address)
    const { ACCOUNT_NONCE, ACCOUNT_BALANCE, ACCOUNT_CODE_HASH } = this.#kernel.at
    const { nonce, balance, codeHash } = account ?? emptyAccount
    this.#kernel.limbs[(entry + ACCOUNT_NONCE) / 8] = nonce
    this.#kernel.setWord(entry + ACCOUNT_BALANCE, balance)
    this.#kernel.bytes.set(codeHash, entry + ACCOUNT_CODE_HASH)
    this.#kernel.wasm.written(entry, account ? 1 : 0)
  }

  setStorage(address: Address, key: bigint, value: bigint): void {
    const account = this.#kernel.account(address)
    const slot = this.#kernel.slot(account, key)
    this.#kernel.setWord(this.#kernel.scratch, value)
    this.#kernel.wasm.setSlot(account, slot, this.#kernel.scratch)
  }

  wipeStorage(address: Address): void {
    this.#kernel.wasm.wipeStorage(this.#kernel.account(address))
  }

  addCode(code: Uint8Array): Hash {
    const hash = keccak256(code)
    if (code.length > 0) this.#kernel.newCodes.set(hash.toHex(), code)
    return hash
  }

  /** All changes since the block began. */
  difference(): EncodedDifference {
    const { numbers, wasm } = this.#kernel
    const { ACCOUNT_FLAGS, ACCOUNT_DIRTY_NEXT } = this.#kernel.at
    const slots = this.#dirtySlots()
    const wiped = this.#kernel.at.FLAG_WIPED_IN_BLOCK
    const accounts: AccountChange[] = []
    const codes = new Map<string, Uint8Array>()
    let entry = wasm.dirtyAccounts.value
    for (; entry; entry = numbers[(entry + ACCOUNT_DIRTY_NEXT) / 4] ?? 0) {
      const account = this.accountIn(entry)
      accounts.push({
        address: this.#kernel.address(entry),
        account,
        storageWiped: ((numbers[(entry + ACCOUNT_FLAGS) / 4] ?? 0) & wiped) !== 0,
        slots: slots.get(entry) ?? [],
      })
      if (account && this.#kernel.newCodes.size > 0) {
        const hash = account.codeHash.toHex()
        const code = this.#kernel.newCodes.get(hash)
        if (code) codes.set(hash, code)
      }
    }
    return encodeDifference({ accounts: accounts.reverse(), codes: [...codes.values()] })
  }

  #dirtySlots(): Map<number, [bigint, bigint][]> {
    const { numbers, wasm } = this.#kernel
    const { SLOT_ACCOUNT, SLOT_VALUE, SLOT_DIRTY_NEXT } = this.#kernel.at
    const { SLOT_INCARNATION, ACCOUNT_INCARNATION } = this.#kernel.at
    const found = new Map<number, [bigint, bigint][]>()
    let slot = wasm.dirtySlots.value
    for (; slot; slot = numbers[(slot + SLOT_DIRTY_NEXT) / 4] ?? 0) {
      const owner = numbers[(slot + SLOT_ACCOUNT) / 4] ?? 0
      // Its account has lost this storage since.
      if (numbers[(slot + SLOT_INCARNATION) / 4] !== numbers[(owner + ACCOUNT_INCARNATION) / 4])
        continue
      const change: [bigint, bigint] = [
        this.#kernel.word(slot),
        this.#kernel.word(slot + SLOT_VALUE),
      ]
      const others = found.get(owner)
      if (others) others.push(change)
      else found.set(owner, [change])
    }
    return found
  }
}

/** Most accounts have no code, and then the same hash. */
function codeHashAt(bytes: Uint8Array, at: number): Hash {
  for (let place = 0; place < 32; place += 1) {
    if (bytes[at + place] !== emptyCodeHash[place]) return bytes.slice(at, at + 32)
  }
  return emptyCodeHash
}
