/** Keeps the states after the blocks of a chain as versions of one trie. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { encodeDifference, partsOfDifference } from './difference-codec.ts'
import { accountPages, decodeTables } from './pages/checkpoint-tables.ts'
import { beginCheckpoint } from './pages/checkpoint-writer.ts'
import { CodeBook } from './pages/code-book.ts'
import { PageBook } from './pages/page-book.ts'
import type {
  Account,
  AccountProof,
  EncodedDifference,
  MachineMemory,
  PieceSource,
  State,
  StateCheckpoint,
} from './state.ts'
import { type Node, TrieKernel } from './versions/trie-kernel.ts'
import { emptyVersion, holdVersion, letGo, nextVersion, type Version } from './versions/version.ts'

/** keccak-256 of no bytes: the code hash of an account without code. */
export const emptyCodeHash: Hash = keccak256(new Uint8Array())

/** An account that holds nothing. */
export const emptyAccount: Account = { nonce: 0n, balance: 0n, codeHash: emptyCodeHash }

/**
 * The state of nothing.
 *
 * @param mostBytes - memory for all states that come from it; at most 4 GiB, which is the default
 */
export function emptyState(mostBytes?: number): State {
  return new TrieState(new Store(mostBytes), emptyVersion())
}

/** Accounts that are put into a new state at once. */
const birthsAtOnce = 8_192

/** The state at the birth of a chain. */
export function genesisState(accounts: Iterable<GenesisAccount>): State {
  let state = emptyState()
  for (const some of inGroups(accounts, birthsAtOnce)) {
    const next = state.apply(birthOf(some))
    state.release()
    state = next
  }
  return state
}

function birthOf(accounts: readonly GenesisAccount[]): EncodedDifference {
  return encodeDifference({
    accounts: accounts.map(({ address, balance, nonce, code, storage }) => ({
      address,
      account: { balance, nonce, codeHash: code.length > 0 ? keccak256(code) : emptyCodeHash },
      storageWiped: false,
      slots: storage,
    })),
    codes: accounts.map(({ code }) => code).filter((code) => code.length > 0),
  })
}

function* inGroups<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let group: T[] = []
  for (const item of items) {
    if (group.push(item) < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/**
 * The state that a checkpoint's file holds, with what its writer added.
 *
 * @throws AppError `state/newer-checkpoint`, and what the file throws
 */
export function openCheckpoint(source: PieceSource): { state: State; appendix: Uint8Array } {
  const store = new Store()
  const tables = decodeTables(source.last)
  const { slotPages, codes, pages: entries, appendix } = tables
  const { first } = store.pages.open({ source, entries, slotPages }, () => false)
  store.codes.open(source, codes)
  const empty = new TrieState(store, emptyVersion())
  const state = empty.open(first + slotPages, accountPages(tables))
  if (equalBytes(state.root, tables.root)) return { state, appendix }
  const message = 'the pages of the checkpoint do not give its root'
  throw new AppError({ code: 'state/damaged-checkpoint', message })
}

/** What all states of a chain share. */
class Store {
  readonly pages = new PageBook()
  readonly codes = new CodeBook()
  readonly kernel: TrieKernel
  /** Lets go of versions whose state nobody holds any more, and nobody released. */
  readonly forgotten = new FinalizationRegistry<Version>((version) => letGo(this.kernel, version))

  constructor(mostBytes?: number) {
    this.kernel = new TrieKernel(this.pages, mostBytes)
  }
}

class TrieState implements State {
  readonly #store: Store
  readonly #version: Version
  #root: Hash | undefined
  #isReleased = false

  constructor(store: Store, version: Version) {
    this.#store = store
    this.#version = version
    holdVersion(version)
    store.forgotten.register(this, version, this)
  }

  get memoryBytes(): number {
    return this.#store.kernel.usedBytes
  }

  get root(): Hash {
    this.#root ??= this.#store.kernel.rootHash(this.#node())
    return this.#root
  }

  account(address: Address): Account | undefined {
    return this.#store.kernel.account(this.#node(), address)
  }

  accountTo(memory: MachineMemory, address: number, fields: number): boolean {
    return this.#store.kernel.accountTo(this.#node(), { memory, address, to: fields })
  }

  slotTo(memory: MachineMemory, address: number, slot: number): void {
    this.#store.kernel.slotTo(this.#node(), { memory, address, slot })
  }

  storage(address: Address, slot: bigint): bigint {
    return this.#store.kernel.storage(this.#node(), address, slot)
  }

  hasStorage(address: Address): boolean {
    return this.#store.kernel.hasStorage(this.#node(), address)
  }

  code(codeHash: Hash): Uint8Array {
    if (equalBytes(codeHash, emptyCodeHash)) return new Uint8Array()
    return this.#store.codes.code(codeHash)
  }

  apply(difference: EncodedDifference): State {
    this.#node()
    const { kernel, codes } = this.#store
    const { changes, newCodes } = partsOfDifference(difference)
    for (const code of newCodes) codes.add(keccak256(code), code)
    let fault: ReturnType<typeof kernel.apply>['fault']
    const version = nextVersion(kernel, this.#version, (root) => {
      const applied = kernel.apply(root, changes)
      fault = applied.fault
      return applied.root
    })
    const state = new TrieState(this.#store, version)
    if (fault === undefined) return state
    state.release()
    throw fault === 'full' ? fullMemory() : badDifference()
  }

  /** The state that lies in some pages. */
  open(firstPage: number, count: number): State {
    const { kernel } = this.#store
    const open = () => kernel.openPages(firstPage, count)
    const state = new TrieState(this.#store, nextVersion(kernel, this.#version, open))
    this.release()
    return state
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
    if (this.#isReleased) return
    this.#isReleased = true
    this.#store.forgotten.unregister(this)
    letGo(this.#store.kernel, this.#version)
  }

  hold(): State {
    this.#node()
    return new TrieState(this.#store, this.#version)
  }

  checkpoint(): StateCheckpoint | undefined {
    if (!this.#store.pages.hasRoom()) return undefined
    const held = this.hold()
    const { root } = held
    return beginCheckpoint(this.#store, this.#version, { root, end: () => held.release() })
  }

  #node(): Node {
    if (!this.#isReleased) return this.#version.root
    const message = 'the state of this block is not kept any more; ask for a later block'
    throw new AppError({ code: 'state/not-kept', message })
  }
}

function badDifference(): AppError {
  const message = 'what the block did to the state is not stored as it should be'
  return new AppError({ code: 'state/bad-difference', message })
}

function fullMemory(): AppError {
  const message =
    'the 4 GiB that the state of a chain can have in memory are full; start again with less --state-memory, so that more of it stays on disk, or with less --state-history'
  return new AppError({ code: 'state/full', message })
}
