/** Reads a state that another thread holds: who asks sleeps until the answer is there. */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { AppError } from '../../base/app-error.ts'
import { Recent } from '../../base/recent.ts'
import type { BlockContext } from '../../chain/evm/evm.ts'
import type { Address, Hash } from '../../chain/ledger/transaction.ts'
import type { Account, StateReader } from '../../chain/state/state.ts'

/** What can be asked, with the way in which it is read. */
interface Readings {
  account(address: Address): Account | undefined
  storage(address: Address, slot: bigint): bigint
  hasStorage(address: Address): boolean
  code(codeHash: Hash): Uint8Array
  blockHash(number: bigint): Hash | undefined
}

type Question = { [Kind in keyof Readings]: [Kind, ...Parameters<Readings[Kind]>] }[keyof Readings]
type Answer = { readonly value: unknown } | { readonly code: string; readonly message: string }

/** What a call reads of, where it is held. */
export interface Place {
  readonly state: StateReader
  readonly block: Pick<BlockContext, 'blockHash'>
}

/** The two ends of a line; `bell` rings when an answer lies at the port. */
export interface LineEnd {
  readonly port: MessagePort
  /** One number of 32 bits. */
  readonly bell: SharedArrayBuffer
}

/** Answers what is asked at the other end of a line, of the place where the call that asks is made. */
export function answerLine({ port, bell }: LineEnd, placeOf: () => Place | undefined): void {
  const ring = new Int32Array(bell)
  port.on('message', (question: Question) => {
    port.postMessage(answerTo(question, placeOf()))
    Atomics.store(ring, 0, 1)
    Atomics.notify(ring, 0)
  })
  port.unref()
}

function answerTo([kind, ...parts]: Question, place: Place | undefined): Answer {
  try {
    if (!place) throw new AppError({ code: 'rpc/no-call', message: 'the call is over' })
    const { state, block } = place
    const read = kind === 'blockHash' ? block.blockHash : state[kind]
    const owner = kind === 'blockHash' ? block : state
    return { value: (read as (...parts: unknown[]) => unknown).apply(owner, parts) }
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'rpc/unreadable'
    return { code, message: error instanceof Error ? error.message : String(error) }
  }
}

/** Asks at the other end of a line. */
export class LineReader {
  readonly #port: MessagePort
  readonly #ring: Int32Array

  constructor({ port, bell }: LineEnd) {
    this.#port = port
    this.#ring = new Int32Array(bell)
  }

  /** @throws AppError what the other end threw */
  ask<Kind extends keyof Readings>(
    ...question: [Kind, ...Parameters<Readings[Kind]>]
  ): ReturnType<Readings[Kind]> {
    this.#port.postMessage(question)
    Atomics.wait(this.#ring, 0, 0)
    Atomics.store(this.#ring, 0, 0)
    const answer = receiveMessageOnPort(this.#port)?.message as Answer
    if ('code' in answer) throw new AppError(answer)
    return answer.value as ReturnType<Readings[Kind]>
  }
}

/** Accounts that one state remembers, and codes that all of them do: the same sender calls again and again. */
const remembered = 256

/** A state at the other end of a line; what was read is not asked again, since a state never changes. */
export class DistantState implements StateReader {
  readonly #line: LineReader
  readonly #codes: Recent<string, Uint8Array>
  readonly #accounts = new Recent<string, Account | undefined>(remembered)

  /** `codes` outlive the state: a hash always means the same code. */
  constructor(line: LineReader, codes: Recent<string, Uint8Array>) {
    this.#line = line
    this.#codes = codes
  }

  account(address: Address): Account | undefined {
    const name = address.toHex()
    if (this.#accounts.has(name)) return this.#accounts.get(name)
    const account = this.#line.ask('account', address)
    this.#accounts.set(name, account)
    return account
  }

  storage(address: Address, slot: bigint): bigint {
    return this.#line.ask('storage', address, slot)
  }

  hasStorage(address: Address): boolean {
    return this.#line.ask('hasStorage', address)
  }

  code(codeHash: Hash): Uint8Array {
    const name = codeHash.toHex()
    const known = this.#codes.get(name)
    if (known) return known
    const code = this.#line.ask('code', codeHash)
    this.#codes.set(name, code)
    return code
  }
}
