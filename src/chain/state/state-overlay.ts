/** Layers changes over a state that does not change, with marks to go back to. */

import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { Account, AccountChange, Difference, StateOverlay, StateReader } from './state.ts'

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
  /** Undoes each change since the first open mark, oldest first. */
  #undo: (() => void)[] = []
  /** Lengths of `#undo` at the open marks. */
  readonly #marks: number[] = []

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
    const touched = this.#touch(address)
    const before = touched.account
    this.#note(() => {
      touched.account = before
    })
    touched.account = account
  }

  setStorage(address: Address, slot: bigint, value: bigint): void {
    const { slots } = this.#touch(address)
    const before = slots.get(slot)
    this.#note(() => {
      if (before === undefined) slots.delete(slot)
      else slots.set(slot, before)
    })
    slots.set(slot, value)
  }

  wipeStorage(address: Address): void {
    const touched = this.#touch(address)
    const { wiped, slots } = touched
    this.#note(() => {
      touched.wiped = wiped
      touched.slots = slots
    })
    touched.wiped = true
    touched.slots = new Map()
  }

  addCode(code: Uint8Array): Hash {
    const hash = keccak256(code)
    if (code.length > 0) this.#codes.set(hash.toHex(), code)
    return hash
  }

  checkpoint(): void {
    this.#marks.push(this.#undo.length)
  }

  commit(): void {
    this.#marks.pop()
    if (this.#marks.length === 0) this.#undo = []
  }

  revert(): void {
    const mark = this.#marks.pop() ?? 0
    for (const undo of this.#undo.splice(mark).reverse()) undo()
  }

  difference(): Difference {
    const accounts: AccountChange[] = []
    const used = new Set<string>()
    for (const { address, account, wiped, slots } of this.#touched.values()) {
      if (account) used.add(account.codeHash.toHex())
      accounts.push({ address, account, storageWiped: wiped, slots: [...slots] })
    }
    const codes = [...this.#codes].filter(([hash]) => used.has(hash)).map(([, code]) => code)
    return { accounts, codes }
  }

  #touch(address: Address): Touched {
    const name = address.toHex()
    const known = this.#touched.get(name)
    if (known) return known
    const account = this.#below.account(address)
    const touched: Touched = { address, account, wiped: false, slots: new Map() }
    this.#touched.set(name, touched)
    this.#note(() => this.#touched.delete(name))
    return touched
  }

  #note(undo: () => void): void {
    if (this.#marks.length > 0) this.#undo.push(undo)
  }
}
