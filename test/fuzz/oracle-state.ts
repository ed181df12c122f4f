/** Keeps accounts in maps, with marks to go back to, as @ethereumjs/evm wants its state. */

import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { toHex } from '../../src/base/bytes.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'

interface Kept {
  readonly nonce: bigint
  readonly balance: bigint
  readonly codeHash: Uint8Array
}

const none = new Uint8Array()
const noCode = keccak256(none)
// The root only tells a creation whether storage is in its way (EIP-7610): any other one says yes.
const someRoot = new Uint8Array(32).fill(1)

/** A state that lives as long as one scenario. */
export class OracleState implements StateManagerInterface {
  readonly #accounts = new Map<string, Kept>()
  readonly #storage = new Map<string, Map<string, Uint8Array>>()
  readonly #codes = new Map<string, Uint8Array>([[noCode.toHex(), none]])
  readonly #original = new Map<string, Uint8Array>()
  readonly #undo: (() => void)[] = []
  readonly #marks: number[] = []

  /** Slots as the transaction found them (EIP-2200). */
  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array) => {
      const name = address.bytes.toHex() + key.toHex()
      return this.#original.get(name) ?? this.#slot(address, key)
    },
    clear: () => this.#original.clear(),
  }

  /** All accounts that are there, by address. */
  accounts(): readonly string[] {
    return [...this.#accounts.keys()]
  }

  slots(address: string): ReadonlyMap<string, Uint8Array> {
    return this.#storage.get(address) ?? new Map()
  }

  /** Everything so far is as the next transaction finds it. */
  begin(): void {
    this.#original.clear()
    this.#undo.length = 0
    this.#marks.length = 0
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const name = address.bytes.toHex()
    const kept = this.#accounts.get(name)
    const storageRoot = this.slots(name).size > 0 ? someRoot : undefined
    return kept && new Account(kept.nonce, kept.balance, storageRoot, kept.codeHash)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    const name = address.bytes.toHex()
    const before = this.#accounts.get(name)
    this.#undo.push(() => this.#set(this.#accounts, name, before))
    this.#set(
      this.#accounts,
      name,
      account && {
        nonce: account.nonce,
        balance: account.balance,
        codeHash: account.codeHash,
      },
    )
  }

  async deleteAccount(address: Address): Promise<void> {
    await this.clearStorage(address)
    await this.putAccount(address)
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account()
    account.nonce = fields.nonce ?? account.nonce
    account.balance = fields.balance ?? account.balance
    account.codeHash = fields.codeHash ?? account.codeHash
    await this.putAccount(address, account)
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    const codeHash = keccak256(code)
    this.#codes.set(codeHash.toHex(), code)
    await this.modifyAccountFields(address, { codeHash })
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const { codeHash } = this.#accounts.get(address.bytes.toHex()) ?? { codeHash: noCode }
    const code = this.#codes.get(codeHash.toHex())
    if (!code) throw new Error(`no code with the hash ${toHex(codeHash)}`)
    return code
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.#slot(address, key)
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    const name = address.bytes.toHex()
    const slots = this.#storage.get(name) ?? new Map<string, Uint8Array>()
    this.#storage.set(name, slots)
    const slot = key.toHex()
    const before = slots.get(slot)
    if (!this.#original.has(name + slot)) this.#original.set(name + slot, before ?? none)
    this.#undo.push(() => this.#set(slots, slot, before))
    this.#set(slots, slot, value.some(Boolean) ? value.slice() : undefined)
  }

  async clearStorage(address: Address): Promise<void> {
    const name = address.bytes.toHex()
    const before = this.#storage.get(name)
    this.#undo.push(() => this.#set(this.#storage, name, before))
    this.#storage.delete(name)
  }

  async checkpoint(): Promise<void> {
    this.#marks.push(this.#undo.length)
  }

  async commit(): Promise<void> {
    this.#marks.pop()
  }

  async revert(): Promise<void> {
    const mark = this.#marks.pop() ?? 0
    while (this.#undo.length > mark) this.#undo.pop()?.()
  }

  clearCaches(): void {}

  getStateRoot(): Promise<Uint8Array> {
    throw new Error('this state has no root')
  }

  setStateRoot(): Promise<void> {
    throw new Error('this state has no root')
  }

  hasStateRoot(): Promise<boolean> {
    throw new Error('this state has no root')
  }

  shallowCopy(): StateManagerInterface {
    throw new Error('this state is not copied')
  }

  #slot(address: Address, key: Uint8Array): Uint8Array {
    return this.slots(address.bytes.toHex()).get(key.toHex()) ?? none
  }

  #set<T>(map: Map<string, T>, name: string, value: T | undefined): void {
    if (value === undefined) map.delete(name)
    else map.set(name, value)
  }
}
