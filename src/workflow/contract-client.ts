/** Works with contracts from programs, typed by their ABI: reads, estimates, sends once, deploys. */

import { randomBytes } from 'node:crypto'
import {
  type Abi,
  type ContractEventName,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeFunctionResult,
  type EncodeDeployDataParameters,
  encodeDeployData,
  encodeFunctionData,
  type ParseEventLogsReturnType,
  parseEventLogs,
} from 'viem'
import { AppError } from '../base/app-error.ts'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import type { TypedData } from '../crypto/typed-data.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createHttpClient } from '../stream/json-rpc-http.ts'
import { blockRevert, rpcCall, toldRevert } from './evm/reverts.ts'
import type { SentOutcome, TransactionSender } from './sent-transaction.ts'
import { keySigner, type Signer } from './signers.ts'
import { type SignedStatement, statementOf } from './statement.ts'
import { createTransactionSender, senderMigrations } from './transaction-sender.ts'

/** Which chain, and who signs. */
export interface ConnectOptions {
  /** An Ethereum JSON-RPC endpoint, or a client of your own. */
  readonly endpoint: string | JsonRpcClient
  /** A private key as 0x text, or a signer; absent: nothing can be sent. */
  readonly signer?: Hex | Signer
  /** File that keeps what was sent, so that a restart goes on with it; without it a restart forgets. */
  readonly journal?: string
  /** Highest fee offered, in wei per gas; default 500 gwei. */
  readonly maxFeePerGas?: bigint
  /** Pause between two looks for a receipt; default 200. */
  readonly pollMs?: number
}

type Reading = 'view' | 'pure'
type Writing = 'nonpayable' | 'payable'

/** How a call is sent. */
export interface SendTerms {
  /** Wei; default 0. */
  readonly value?: bigint
  readonly gas?: bigint
  /** The same key sends once, however often it is asked; 32 bytes. Default: a new one. */
  readonly idempotencyKey?: Hex
  /** Blocks on top before it counts as done; default 0. */
  readonly confirmations?: number
  readonly signal?: AbortSignal
}

/** A transaction that is in a block, and the contract's events in it. */
export interface Sent<A extends Abi> extends SentOutcome {
  readonly events: ParseEventLogsReturnType<A, ContractEventName<A>, true>
}

/** A contract whose calls are checked against its ABI. */
export interface Contract<A extends Abi> {
  readonly address: Hex
  /** @throws AppError `workflow/call-reverted` with the decoded error, `json-rpc/…` */
  read<N extends ContractFunctionName<A, Reading>>(
    name: N,
    args: ContractFunctionArgs<A, Reading, N>,
  ): Promise<ContractFunctionReturnType<A, Reading, N, ContractFunctionArgs<A, Reading, N>>>
  /** Gas that a call would need; its simulation. @throws AppError `workflow/call-reverted` with the decoded error */
  estimate<N extends ContractFunctionName<A, Writing>>(
    name: N,
    args: ContractFunctionArgs<A, Writing, N>,
    terms?: Pick<SendTerms, 'value'>,
  ): Promise<bigint>
  /** Sends once and resolves when it is in a block. @throws AppError `workflow/call-reverted`, `workflow/transaction-reverted` */
  send<N extends ContractFunctionName<A, Writing>>(
    name: N,
    args: ContractFunctionArgs<A, Writing, N>,
    terms?: SendTerms,
  ): Promise<Sent<A>>
}

/** What is signed and is no transaction; integers may be bigints. */
export type Signable =
  | { readonly message: string | { readonly raw: Hex } }
  | { readonly typedData: TypedData }

/** A chain that contracts are worked with on. */
export interface ChainConnection {
  readonly chainId: number
  /** Of the signer. */
  readonly address: Hex | undefined
  contract<const A extends Abi>(what: { readonly abi: A; readonly address: Hex }): Contract<A>
  /** Creates a contract. @throws AppError `workflow/call-reverted`, `workflow/transaction-reverted` */
  deploy<const A extends Abi>(
    what: EncodeDeployDataParameters<A>,
    terms?: SendTerms,
  ): Promise<{ readonly contract: Contract<A>; readonly sent: SentOutcome }>
  /**
   * Signs a message (EIP-191) or typed data for this chain (EIP-712) with the key of the signer.
   *
   * @throws AppError `workflow/bad-input`, `workflow/no-signer`, `workflow/not-signed`
   */
  sign(what: Signable): Promise<SignedStatement>
  /** Resolves when nothing is under way. */
  close(): Promise<void>
}

interface Connection {
  readonly client: JsonRpcClient
  readonly sender: TransactionSender | undefined
}

/**
 * Connects to a chain.
 *
 * @throws AppError `json-rpc/unreachable`, `store/…` for the journal
 */
export async function connectChain(options: ConnectOptions): Promise<ChainConnection> {
  const { endpoint, signer: given, journal = ':memory:', pollMs = 200 } = options
  const client = typeof endpoint === 'string' ? createHttpClient({ url: endpoint }) : endpoint
  const chainId = Number(await client.request('eth_chainId'))
  const sql = await openSqlite({ path: journal })
  await sql.migrate(senderMigrations)
  const signer = typeof given === 'string' ? keySigner(fromHex(given)) : given
  const { maxFeePerGas = 500n * 10n ** 9n } = options
  const world = { clock: systemClock, timer: systemTimer, logger: silentLogger }
  const sender =
    signer &&
    createTransactionSender(
      { chainId, signer, maxFeePerGas, pollMs },
      { ...world, client, sql, metrics: noMetrics },
    )
  sender?.start()
  const connection = { client, sender }
  return {
    chainId,
    address: signer?.address,
    contract: ({ abi, address }) => contractOf(connection, abi, address),
    async deploy(what, terms) {
      const data = encodeDeployData(what as never)
      const call = { what: 'constructor', to: undefined, data, value: 0n, abi: what.abi as Abi }
      const sent = await sendOnce(connection, call, terms)
      const address = sent.contractAddress
      if (address === undefined) {
        const message = `the node names no contract for the creation ${sent.hash}`
        throw new AppError({ code: 'workflow/bad-answer', message })
      }
      return { contract: contractOf(connection, what.abi, address) as never, sent }
    },
    async sign(what) {
      return needed(sender).sign(statementOf(plain(what)))
    },
    async close() {
      await sender?.stop()
      await sql.close()
    },
  }
}

interface Call {
  readonly what: string
  readonly to: Hex | undefined
  readonly data: Hex
  readonly value: bigint
  readonly abi: Abi
}

function contractOf<const A extends Abi>(
  connection: Connection,
  abi: A,
  address: Hex,
): Contract<A> {
  const { client, sender } = connection
  const callOf = (what: string, args: unknown): Call => {
    const data = encodeFunctionData({ abi, functionName: what, args } as never)
    return { what, to: address, data, value: 0n, abi }
  }
  return {
    address,
    async read(name, args) {
      const call = callOf(name, args)
      const fields = rpcCall({ ...call, from: sender?.address })
      const asked = client.request('eth_call', [fields, 'latest'])
      const data = (await told(asked, call, connection)) as Hex
      return decodeFunctionResult({ abi, functionName: name, args, data } as never) as never
    },
    async estimate(name, args, { value = 0n } = {}) {
      const call = { ...callOf(name, args), value }
      const fields = rpcCall({ ...call, from: sender?.address })
      const asked = client.request('eth_estimateGas', [fields])
      return BigInt((await told(asked, call, connection)) as Hex)
    },
    async send(name, args, terms) {
      const sent = await sendOnce(connection, callOf(name, args), terms)
      const receipt = await client.request('eth_getTransactionReceipt', [sent.hash])
      const { logs = [] } = (receipt ?? {}) as { readonly logs?: never[] }
      return { ...sent, events: parseEventLogs({ abi, logs }) as never }
    },
  }
}

async function sendOnce(
  connection: Connection,
  asked: Call,
  terms: SendTerms = {},
): Promise<SentOutcome> {
  const { client } = connection
  const sender = needed(connection.sender)
  const { value = 0n, gas, confirmations, signal = new AbortController().signal } = terms
  const { idempotencyKey = toHex(randomBytes(32)) } = terms
  const call = { ...asked, value }
  const request = { idempotencyKey, to: call.to, data: call.data, value, gas, confirmations }
  const outcome = await told(sender.send(request, signal), call, connection)
  if (outcome.succeeded) return outcome
  const sent = { ...call, from: sender.address }
  throw await blockRevert(outcome, sent, { client, abis: [call.abi] })
}

function needed(sender: TransactionSender | undefined): TransactionSender {
  if (sender !== undefined) return sender
  const message = 'nothing can be sent or signed without a signer: give one to connectChain'
  throw new AppError({ code: 'workflow/no-signer', message })
}

/** As JSON, in which large integers are text. */
function plain(what: Signable): Parameters<typeof statementOf>[0] {
  const text = JSON.stringify(what, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return JSON.parse(text)
}

/** What was asked, or its error in the contract's words. */
async function told<T>(asked: Promise<T>, call: Call, { client, sender }: Connection): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const fields = { ...call, from: sender?.address }
    throw await toldRevert(error, fields, { client, abis: [call.abi] })
  }
}
