/** Layers changes over a state that does not change. */

import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { encodeDifference } from './difference-codec.ts'
import type {
  Account,
  AccountChange,
  EncodedDifference,
  StateOverlay,
  StateReader,
} from './state.ts'

/** An empty layer over a state or another layer. */
export function createOverlay(below: StateReader): StateOverlay {
  return new Overlay(below)
}

/** Changes of one account; an account that is not in here is as it is below. */
interface Touched {
  readonly address: Address
  account: Account | undefined
  /** Slots do not shine through from below. */
  wiped: boolean
  /** Values written, by slot. */
  slots: Map<bigint, bigint>
}

class Overlay implements StateOverlay {
  readonly #below: StateReader
  /** By address in hex. */
  readonly #touched = new Map<string, Touched>()
  readonly #codes = new Map<string, Uint8Array>()

  constructor(below: StateReader) {
    this.#below = below
  }

  account(address: Address): Account | undefined {
    const touched = this.#touched.get(address.toHex())
    return touched ? touched.account : this.#below.account(address)
  }

  storage(address: Address, slot: bigint): bigint {
    const touched = this.#touched.get(address.toHex())
    const written = touched?.slots.get(slot)
    if (written !== undefined) return written
    return touched?.wiped ? 0n : this.#below.storage(address, slot)
  }

  hasStorage(address: Address): boolean {
    const touched = this.#touched.get(address.toHex())
    if (touched && [...touched.slots.values()].some((value) => value !== 0n)) return true
    return !touched?.wiped && this.#below.hasStorage(address)
  }

  code(codeHash: Hash): Uint8Array {
    return this.#codes.get(codeHash.toHex()) ?? this.#below.code(codeHash)
  }

  setAccount(address: Address, account: Account | undefined): void {
    this.#touch(address).account = account
  }

  setStorage(address: Address, slot: bigint, value: bigint): void {
    this.#touch(address).slots.set(slot, value)
  }

  wipeStorage(address: Address): void {
    const touched = this.#touch(address)
    touched.wiped = true
    touched.slots = new Map()
  }

  addCode(code: Uint8Array): Hash {
    const hash = keccak256(code)
    if (code.length > 0) this.#codes.set(hash.toHex(), code)
    return hash
  }

  difference(): EncodedDifference {
    const accounts: AccountChange[] = []
    const used = new Set<string>()
    for (const { address, account, wiped, slots } of this.#touched.values()) {
      if (account) used.add(account.codeHash.toHex())
      accounts.push({ address, account, storageWiped: wiped, slots: [...slots] })
    }
    const codes = [...this.#codes].filter(([hash]) => used.has(hash)).map(([, code]) => code)
    return encodeDifference({ accounts, codes })
  }

  #touch(address: Address): Touched {
    const name = address.toHex()
    const known = this.#touched.get(name)
    if (known) return known
    const account = this.#below.account(address)
    const touched: Touched = { address, account, wiped: false, slots: new Map() }
    this.#touched.set(name, touched)
    return touched
  }
}
