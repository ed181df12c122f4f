/** Sends ERC-20 transfers to the nodes of a test network without a pause, and knows which must be on the chain. */

import { setTimeout as pause } from 'node:timers/promises'
import { encodeFunctionData, getContractAddress, keccak256, parseAbi, toBytes } from 'viem'
import {
  allocationTokenAbi as abi,
  allocationTokenCreationCode,
} from '../../src/abi/allocation-token.gen.ts'
import { fromHex, type Hex, padStart, toHex } from '../../src/base/bytes.ts'
import { encodeTransaction, signTransaction } from '../../src/chain/ledger/transaction-codec.ts'
import { keccak256 as hashOf } from '../../src/crypto/keccak.ts'
import { devAccounts, testWords } from '../../src/node/dev-accounts.ts'
import { callRpc, eventually } from '../e2e/program.ts'

/** A transfer that was sent. */
export interface SentTransfer {
  readonly raw: Hex
  /** Place among all that were signed: of each sender the first nonces first. */
  readonly place: number
  /** When it was given to the node that took it; to the last one, if none did. */
  atMs: number
}

/** What answered a call of a batch. */
interface Answer {
  readonly id: number
  readonly result?: string
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { readonly retryAfterMs?: number }
  }
}

/** Of a node that has as much to do as it can: it will take the same thing later. */
const limitExceeded = -32005

const erc20 = parseAbi(['function transfer(address to, uint256 amount) returns (bool)'])
const role = keccak256(toBytes('ALLOCATOR_ROLE'))
const chainId = 7001n
const recipients = 500
/** What was not seen on the chain after this time is sent again, in ms; so many of each sender at a time. */
const [patienceMs, mostAgain] = [6_000, 100]

/** A transfer that may be sent. */
interface Signed {
  readonly raw: Hex
  readonly place: number
  readonly hash: Hex
  readonly sender: Sender
}

/** When nothing comes onto the chain any more, in ms. */
const standstillMs = 60_000

/** Transactions that are given at a time, and how often at once. */
const [mostOfBatch, mostGiven] = [100, 16]

class Sender {
  readonly address: Hex
  readonly #key: Uint8Array
  next = 0
  /** Transactions of these nonces are on the chain. */
  mined = 0
  /** By nonce. */
  readonly sent: SentTransfer[] = []

  constructor({ address, key }: { readonly address: Hex; readonly key: Uint8Array }) {
    this.address = address
    this.#key = key
  }

  sign(to: Uint8Array | undefined, data: Hex, gasLimit: bigint): Hex {
    const signed = signTransaction(
      {
        ...{ type: 2, chainId, nonce: BigInt(this.next), gasLimit, to, value: 0n },
        ...{ data: fromHex(data), accessList: [] },
        ...{ maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n },
      },
      this.#key,
    )
    this.next += 1
    return toHex(encodeTransaction(signed))
  }
}

/** The load of one network. */
export class TransferLoad {
  readonly #senders: readonly Sender[]
  readonly #token: Uint8Array
  readonly #urls: () => readonly string[]
  /** By hash. */
  readonly sent = new Map<Hex, SentTransfer>()
  /** How often a node was given something again, and how often one said that it takes it later. */
  again = 0
  later = 0
  /** What a node takes later, and until when each that said so is left alone. */
  readonly #refused = new Set<SentTransfer>()
  readonly #busyUntilMs = new Map<string, number>()
  readonly #ahead: Signed[] = []
  #turn = 0
  #isOver = true
  #running: Promise<unknown> = Promise.resolve()

  private constructor(
    senders: readonly Sender[],
    token: Uint8Array,
    urls: () => readonly string[],
  ) {
    this.#senders = senders
    this.#token = token
    this.#urls = urls
  }

  /**
   * Puts the token on the chain, with units for all senders.
   *
   * @param urls - of nodes that answer now
   */
  static async open(urls: () => readonly string[]): Promise<TransferLoad> {
    const senders = devAccounts(testWords, 20).map((account) => new Sender(account))
    const [admin] = senders as [Sender]
    const token = fromHex(getContractAddress({ from: admin.address, nonce: 0n }).toLowerCase())
    const code = `${allocationTokenCreationCode}${padStart(fromHex(admin.address), 32).toHex()}`
    const grant = { abi, functionName: 'grantRole', args: [role, admin.address] } as const
    const set = [
      admin.sign(undefined, code as Hex, 3_000_000n),
      admin.sign(token, encodeFunctionData(grant), 300_000n),
      ...senders.map(({ address }, at) => {
        const args = [address, 10n ** 18n, toHex(padStart(Uint8Array.of(at), 32))] as const
        return admin.sign(
          token,
          encodeFunctionData({ abi, functionName: 'allocate', args }),
          300_000n,
        )
      }),
    ]
    const url = () => urls()[0] ?? ''
    for (const raw of set) await callRpc(url(), 'eth_sendRawTransaction', raw)
    await eventually(async () => {
      const count = await callRpc<string>(url(), 'eth_getTransactionCount', admin.address, 'latest')
      return Number(count) === set.length || undefined
    }, 60_000)
    admin.sent.length = set.length
    admin.mined = set.length
    return new TransferLoad(senders, token, urls)
  }

  /** Begins to send: so many a second, or as many as leave this number waiting. */
  start(speed: { readonly perSecond: number } | { readonly waiting: number }): void {
    this.#isOver = false
    this.#running = Promise.all([this.#send(speed), this.#look()])
  }

  /** Ends when all that was sent is on the chain of a node that answers. */
  async settle(): Promise<void> {
    this.#isOver = true
    await this.#running
    let [least, sinceMs] = [Number.POSITIVE_INFINITY, performance.now()]
    for (;;) {
      await this.#note().catch(() => {})
      const { waiting } = this
      if (waiting === 0) return
      if (waiting < least) [least, sinceMs] = [waiting, performance.now()]
      if (performance.now() - sinceMs > standstillMs) {
        throw new Error(`${waiting} transfers wait, and none came onto the chain for a minute`)
      }
      await this.#sendAgain()
      await pause(500)
    }
  }

  /** Sent, and not seen on the chain. */
  get waiting(): number {
    return this.#senders.reduce((sum, { sent, mined }) => sum + sent.length - mined, 0)
  }

  async #send(speed: { readonly perSecond?: number; readonly waiting?: number }): Promise<void> {
    const beganMs = performance.now()
    const given = new Set<Promise<void>>()
    let count = 0
    while (!this.#isOver) {
      const elapsedMs = performance.now() - beganMs
      const due =
        speed.perSecond === undefined
          ? (speed.waiting ?? 0) - this.waiting
          : (elapsedMs / 1_000) * speed.perSecond - count
      // What was refused goes one after the other: later nonces would only wait for it.
      const most = this.#refused.size > 0 ? 1 : mostGiven
      const mayGive = given.size < most && this.#open().length > 0
      const again = mayGive ? this.#takeRefused() : []
      const isNew = mayGive && again.length === 0 && due >= 1
      const batch = isNew
        ? Array.from({ length: Math.min(mostOfBatch, due) }, () => this.#take())
        : again
      if (isNew) count += batch.length
      if (batch.length > 0) {
        const one = this.#give(batch).finally(() => given.delete(one))
        given.add(one)
      }
      const isBehind = due > mostOfBatch || this.#refused.size > 0
      await pause(isBehind && mayGive ? 1 : 20)
    }
    await Promise.all(given)
    this.#refused.clear()
  }

  /** Signs so many now, so that sending them costs nothing but that. */
  signAhead(count: number): void {
    for (let at = 0; at < count; at += 1) this.#ahead.push(this.#signed())
  }

  #take(): SentTransfer {
    const { raw, place, hash, sender } = this.#ahead.shift() ?? this.#signed()
    const transfer = { raw, place, atMs: performance.now() }
    sender.sent.push(transfer)
    this.sent.set(hash, transfer)
    return transfer
  }

  /** The first nonces go first: the others wait for them. */
  #takeRefused(): SentTransfer[] {
    const first = [...this.#refused].sort((a, b) => a.place - b.place).slice(0, mostOfBatch)
    for (const one of first) this.#refused.delete(one)
    return first
  }

  #signed(): Signed {
    const sender = this.#senders[this.#turn % this.#senders.length] as Sender
    const place = this.#turn
    const number = (place * 7) % recipients
    const to = toHex(padStart(Uint8Array.of(1, number >> 8, number & 255), 20))
    this.#turn += 1
    const data = encodeFunctionData({ abi: erc20, functionName: 'transfer', args: [to, 1n] })
    const raw = sender.sign(this.#token, data, 90_000n)
    return { raw, place, hash: toHex(hashOf(fromHex(raw))), sender }
  }

  /** Gives transfers to one of those that are up; what nobody took is given again later. */
  async #give(batch: readonly SentTransfer[]): Promise<void> {
    const open = this.#open()
    const urls = open.length > 0 ? open : this.#urls()
    const url = urls[Math.floor(Math.random() * urls.length)] ?? ''
    const calls = batch.map((transfer, id) => {
      transfer.atMs = performance.now()
      const params = [transfer.raw]
      return { jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params }
    })
    const answers = await batchCall(url, calls).catch(() => [])
    const refused = answers.filter(({ error }) => error?.code === limitExceeded)
    const pauses = refused.map(({ error }) => error?.data?.retryAfterMs ?? 1_000)
    if (refused.length === 0) return
    this.later += refused.length
    this.#busyUntilMs.set(url, performance.now() + Math.max(...pauses))
    for (const { id } of refused) this.#refused.add(batch[id] as SentTransfer)
  }

  /** Nodes that have not said "later" just now. */
  #open(): readonly string[] {
    const nowMs = performance.now()
    return this.#urls().filter((url) => (this.#busyUntilMs.get(url) ?? 0) <= nowMs)
  }

  async #look(): Promise<void> {
    for (let turn = 1; !this.#isOver; turn += 1) {
      await pause(500)
      await this.#note().catch(() => {})
      if (turn % 8 === 0) await this.#sendAgain()
    }
  }

  /** Notes what is on the chain. */
  async #note(): Promise<void> {
    const calls = this.#senders.map(({ address }, id) => {
      return { jsonrpc: '2.0', id, method: 'eth_getTransactionCount', params: [address, 'latest'] }
    })
    for (const { id, result } of await batchCall(this.#urls()[0] ?? '', calls)) {
      const sender = this.#senders[id]
      if (sender && result) sender.mined = Math.max(sender.mined, Number(result))
    }
  }

  async #sendAgain(): Promise<void> {
    const before = performance.now() - patienceMs
    const late = this.#senders.flatMap(({ sent, mined }) =>
      sent.slice(mined, mined + mostAgain).filter(({ atMs }) => atMs < before),
    )
    this.again += late.length
    for (let at = 0; at < late.length; at += mostOfBatch) {
      await this.#give(late.slice(at, at + mostOfBatch))
    }
  }
}

async function batchCall(url: string, calls: readonly unknown[]): Promise<readonly Answer[]> {
  const response = await fetch(url, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    ...{ body: JSON.stringify(calls), signal: AbortSignal.timeout(10_000) },
  })
  return (await response.json()) as readonly Answer[]
}
