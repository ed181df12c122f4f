/** Shows an overlay to @ethereumjs/evm as the state manager that it asks for. */

import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { fromBigInt, padStart, toBigInt } from '../../../base/bytes.ts'
import type { StateOverlay, StateReader } from '../../state/state.ts'
import { emptyCodeHash } from '../../state/trie-state.ts'
import type { Pause } from '../evm.ts'

const someRoot = new Uint8Array(32).fill(1)

/** The state manager of one machine; it looks at another overlay for each message. */
export class OverlayState implements StateManagerInterface {
  #overlay: StateOverlay
  #before: StateReader
  readonly #breathe: Pause

  /** `breathe` is asked whenever an account is looked at. */
  constructor(overlay: StateOverlay, before: StateReader, breathe: Pause) {
    this.#overlay = overlay
    this.#before = before
    this.#breathe = breathe
  }

  /** From now on reads and writes `overlay`; `before` is the state as the transaction found it. */
  lookAt(overlay: StateOverlay, before: StateReader): void {
    this.#overlay = overlay
    this.#before = before
  }

  /** Slots as the transaction found them, which the price of SSTORE depends on (EIP-2200). */
  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array) =>
      fromBigInt(this.#before.storage(address.bytes, toBigInt(key))),
    clear: () => {},
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    await this.#breathe()
    const account = this.#overlay.account(address.bytes)
    // The root only tells a creation whether storage is in its way (EIP-7610): any other one says yes.
    const storageRoot = this.#overlay.hasStorage(address.bytes) ? someRoot : undefined
    return account && new Account(account.nonce, account.balance, storageRoot, account.codeHash)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    const kept = account && {
      nonce: account.nonce,
      balance: account.balance,
      codeHash: account.codeHash,
    }
    this.#overlay.setAccount(address.bytes, kept)
  }

  async deleteAccount(address: Address): Promise<void> {
    this.#overlay.wipeStorage(address.bytes)
    this.#overlay.setAccount(address.bytes, undefined)
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account()
    account.nonce = fields.nonce ?? account.nonce
    account.balance = fields.balance ?? account.balance
    account.codeHash = fields.codeHash ?? account.codeHash
    await this.putAccount(address, account)
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    const codeHash = this.#overlay.addCode(code)
    await this.modifyAccountFields(address, { codeHash })
  }

  async getCode(address: Address): Promise<Uint8Array> {
    const codeHash = this.#overlay.account(address.bytes)?.codeHash ?? emptyCodeHash
    return this.#overlay.code(codeHash)
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    const value = this.#overlay.storage(address.bytes, toBigInt(key))
    return value === 0n ? new Uint8Array() : padStart(fromBigInt(value), 32)
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#overlay.setStorage(address.bytes, toBigInt(key), toBigInt(value))
  }

  async clearStorage(address: Address): Promise<void> {
    this.#overlay.wipeStorage(address.bytes)
  }

  async checkpoint(): Promise<void> {
    this.#overlay.checkpoint()
  }

  async commit(): Promise<void> {
    this.#overlay.commit()
  }

  async revert(): Promise<void> {
    this.#overlay.revert()
  }

  clearCaches(): void {}

  getStateRoot(): Promise<Uint8Array> {
    throw new Error('an overlay has no root')
  }

  setStateRoot(): Promise<void> {
    throw new Error('an overlay has no root')
  }

  hasStateRoot(): Promise<boolean> {
    throw new Error('an overlay has no root')
  }

  shallowCopy(): StateManagerInterface {
    return new OverlayState(this.#overlay, this.#before, this.#breathe)
  }
}
