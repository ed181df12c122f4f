/** Runs scenarios by @ethereumjs/evm: the second opinion. */

import { createCustomCommon, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM, type EVMResult } from '@ethereumjs/evm'
import { Account, Address, type PrefixedHexString } from '@ethereumjs/util'
import { fromBigInt, fromHex, padStart, toBigInt, toHex } from '../../src/base/bytes.ts'
import { blobBaseFee, blobGasOf } from '../../src/chain/ledger/blobs.ts'
import { type Hardfork, type Rules, rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { knownGas } from '../../src/chain/ledger/intrinsic-gas.ts'
import type { Authorization, Transaction } from '../../src/chain/ledger/transaction.ts'
import { authorityOf } from '../../src/chain/ledger/transaction-codec.ts'
import { isKzgProof } from '../../src/crypto/kzg.ts'
import { assemble } from './code.ts'
import { OracleState } from './oracle-state.ts'
import { type AccountAfter, type Effect, type Outcome, outcomeOf, type Session } from './outcome.ts'
import { blockHashOf, type FuzzBlock, fuzzChainId, type Scenario } from './scenario.ts'

/** An instruction that is about to run. */
export interface Step {
  readonly opcode: { readonly name: string }
  /** The top comes last. */
  readonly stack: readonly bigint[]
  readonly memory: Uint8Array
}

/** Is told what runs. */
export interface Watcher {
  /** An instruction is about to run. */
  step?(step: Step): void
  /** A message has ended with a fault of this name. */
  fault?(name: string): void
}

const emptyCode = new Uint8Array()
const delegationMark = 'ef0100'

/** Runs scenarios, one after the other. */
export interface Oracle {
  run(scenario: Scenario, watcher?: Watcher): Promise<Outcome>
  /** Makes ready, so that the transactions alone can be timed. */
  open(scenario: Scenario): Promise<Session>
}

/** Builds one; a machine for each fork is made when it is first needed. */
export function createOracle(): Oracle {
  let state = new OracleState()
  // Machines keep their state manager: this one stands for the scenario's.
  const current = new Proxy({} as OracleState, {
    get: (_, name) => {
      const value = state[name as keyof OracleState]
      return typeof value === 'function' ? value.bind(state) : value
    },
    has: (_, name) => name in state,
    set: () => true,
  })
  let number = 0n
  const blockchain = {
    getBlock: async (asked: number) => ({ hash: () => blockHashOf(BigInt(asked), number) }),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  }
  const machines = new Map<Hardfork, Promise<EVM>>()
  const machineOf = (fork: Hardfork) => {
    const made = machines.get(fork) ?? createMachine(fork, current, blockchain)
    machines.set(fork, made)
    return made
  }
  const open = async (scenario: Scenario): Promise<Session> => {
    const evm = await machineOf(scenario.fork)
    state = new OracleState()
    number = scenario.block.number
    await fill(state, scenario)
    const run = { evm, state, block: scenario.block, rules: rulesOf(scenario.fork) }
    return {
      async run() {
        const effects: Effect[] = []
        for (const { sender, transaction } of scenario.transactions) {
          effects.push(await runTransaction(transaction, new Address(sender), run))
        }
        return effects
      },
      accounts: () => accountsOf(run.state),
    }
  }
  return {
    open,
    async run(scenario, watcher) {
      const session = await open(scenario)
      const unwatch = watcher && watch(await machineOf(scenario.fork), watcher)
      try {
        const effects = await session.run()
        return outcomeOf(effects, await session.accounts())
      } catch (error) {
        // What broke off is not used again.
        machines.delete(scenario.fork)
        throw error
      } finally {
        unwatch?.()
      }
    },
  }
}

async function createMachine(
  fork: Hardfork,
  stateManager: OracleState,
  blockchain: object,
): Promise<EVM> {
  const verifyProof = (...claim: readonly string[]) => {
    const [commitment, z, y, proof] = claim.map(fromHex) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    return isKzgProof({ commitment, z, y, proof })
  }
  const common = createCustomCommon({ chainId: String(fuzzChainId), name: 'fuzz' }, Mainnet, {
    hardfork: fork
      .replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
      .replace('frontier', 'chainstart'),
    customCrypto: { kzg: { verifyProof } as never },
  })
  return createEVM({ common, stateManager, blockchain: blockchain as never }) as Promise<EVM>
}

function watch({ events }: EVM, watcher: Watcher): () => void {
  const step = (told: Step, next?: () => void) => {
    watcher.step?.(told)
    next?.()
  }
  const ended = ({ execResult }: EVMResult, next?: () => void) => {
    if (execResult.exceptionError) watcher.fault?.(execResult.exceptionError.error)
    next?.()
  }
  events.on('step', step)
  events.on('afterMessage', ended)
  return () => {
    events.off('step', step)
    events.off('afterMessage', ended)
  }
}

async function fill(state: OracleState, { accounts }: Scenario): Promise<void> {
  for (const { address: bytes, nonce, balance, pieces, storage } of accounts) {
    const address = new Address(bytes)
    await state.putAccount(address, new Account(nonce, balance))
    await state.putCode(address, assemble(pieces))
    for (const [slot, value] of storage) {
      await state.putStorage(
        address,
        padStart(fromBigInt(slot), 32),
        padStart(fromBigInt(value), 32),
      )
    }
  }
}

interface Run {
  readonly evm: EVM
  readonly state: OracleState
  readonly block: FuzzBlock
  readonly rules: Rules
}

/** Buys gas, runs, refunds and pays (Yellow Paper, section 6.2), for transactions that are valid. */
async function runTransaction(
  transaction: Transaction,
  sender: Address,
  run: Run,
): Promise<Effect> {
  const { evm, state, block, rules } = run
  const { gasLimit, to, value, data } = transaction
  const price = priceOf(transaction, block)
  state.begin()
  evm.journal.cleanJournal()
  const blobs = transaction.type === 3 ? transaction.blobVersionedHashes : []
  const blobFee = rules.blobs ? blobBaseFee(block.excessBlobGas, rules.blobs) : 0n
  await change(state, sender, (account) => {
    account.nonce += 1n
    account.balance -= gasLimit * price + blobGasOf(transaction) * blobFee
  })
  warm(transaction, sender, run)
  const delegated = transaction.type === 4 ? await delegate(transaction.authorizations, run) : 0n
  const { intrinsic, floor } = knownGas(transaction, rules)
  const { execResult } = await evm.runCall({
    ...{ caller: sender, origin: sender, data, value, gasPrice: price },
    ...(to ? { to: new Address(to) } : {}),
    gasLimit: gasLimit - intrinsic,
    skipNonceIncrement: true,
    blobVersionedHashes: blobs.map((hash) => toHex(hash) as PrefixedHexString),
    block: headerOf(block, blobFee) as never,
  })
  const spent = intrinsic + execResult.executionGasUsed
  const most = spent / BigInt(rules.numbers.refundDivisor)
  const wanted = (execResult.gasRefund ?? 0n) + delegated
  const rest = spent - (wanted < most ? wanted : most)
  const gasUsed = rest > floor ? rest : floor
  await change(state, sender, (account) => {
    account.balance += (gasLimit - gasUsed) * price
  })
  await pay(gasUsed * (price - block.baseFeePerGas), run)
  for (const name of execResult.selfdestruct?.keys() ?? []) {
    if (rules.numbers.destroysOnlyNew && !execResult.createdAddresses?.has(name)) continue
    await evm.journal.deleteAccount(new Address(fromHex(name)))
  }
  await evm.journal.cleanup()
  evm.transientStorage.clear()
  const logs = (execResult.logs ?? []).map(([address, topics, bytes]) => ({
    address,
    topics,
    data: bytes,
  }))
  const succeeded = execResult.exceptionError === undefined
  return { succeeded, gasUsed, output: execResult.returnValue, logs: succeeded ? logs : [] }
}

async function change(
  state: OracleState,
  address: Address,
  write: (account: Account) => void,
): Promise<void> {
  const account = (await state.getAccount(address)) ?? new Account()
  write(account)
  await state.putAccount(address, account)
}

/** Pays the beneficiary, who is touched even by nothing (EIP-161). */
async function pay(wei: bigint, { evm, state, block }: Run): Promise<void> {
  const address = new Address(block.beneficiary)
  const account = (await state.getAccount(address)) ?? new Account()
  account.balance += wei
  await evm.journal.putAccount(address, account)
}

function priceOf(transaction: Transaction, { baseFeePerGas }: FuzzBlock): bigint {
  if (transaction.type === 0 || transaction.type === 1) return transaction.gasPrice
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const most = baseFeePerGas + maxPriorityFeePerGas
  return most < maxFeePerGas ? most : maxFeePerGas
}

/** What costs little from the start (EIP-2929, 2930, 3651). */
function warm(transaction: Transaction, sender: Address, { evm, block, rules }: Run): void {
  const { journal } = evm
  for (const precompile of evm.precompiles.keys()) journal.addAlwaysWarmAddress(precompile)
  journal.addAlwaysWarmAddress(sender.bytes.toHex())
  if (transaction.to) journal.addAlwaysWarmAddress(transaction.to.toHex())
  if (rules.numbers.warmBeneficiary) journal.addAlwaysWarmAddress(block.beneficiary.toHex())
  for (const { address, slots } of transaction.type === 0 ? [] : transaction.accessList) {
    journal.addAlwaysWarmAddress(address.toHex())
    for (const slot of slots) {
      journal.addAlwaysWarmSlot(address.toHex(), slot.toString(16).padStart(64, '0'))
    }
  }
}

/** Sets delegations (EIP-7702) and gives the refund for accounts that were there. */
async function delegate(
  authorizations: readonly Authorization[],
  { evm, state }: Run,
): Promise<bigint> {
  let refund = 0n
  for (const authorization of authorizations) {
    const { chainId, nonce, address } = authorization
    const authority = authorityOf(authorization)
    if ((chainId !== 0n && chainId !== fuzzChainId) || !authority) continue
    const at = new Address(authority)
    evm.journal.addAlwaysWarmAddress(authority.toHex())
    const account = await state.getAccount(at)
    const code = (await state.getCode(at)).toHex()
    if (code !== '' && !code.startsWith(delegationMark)) continue
    if ((account?.nonce ?? 0n) !== nonce) continue
    if (account) refund += 12_500n
    await change(state, at, (changed) => {
      changed.nonce += 1n
    })
    const clears = toBigInt(address) === 0n
    await state.putCode(at, clears ? emptyCode : fromHex(`0x${delegationMark}${address.toHex()}`))
  }
  return refund
}

function headerOf(block: FuzzBlock, blobFee: bigint) {
  const { number, timestamp, gasLimit, baseFeePerGas, difficulty } = block
  return {
    header: {
      ...{ number, timestamp, gasLimit, baseFeePerGas, difficulty, cliqueSigner: undefined },
      coinbase: new Address(block.beneficiary),
      prevRandao: block.mixHash,
      getBlobGasPrice: () => blobFee,
    },
  }
}

async function accountsOf(state: OracleState): Promise<readonly AccountAfter[]> {
  const accounts: AccountAfter[] = []
  for (const name of state.accounts()) {
    const address = new Address(Uint8Array.fromHex(name))
    const { nonce = 0n, balance = 0n } = (await state.getAccount(address)) ?? {}
    const storage = new Map<bigint, bigint>()
    for (const [slot, value] of state.slots(name)) storage.set(BigInt(`0x${slot}`), toBigInt(value))
    accounts.push({
      address: address.bytes,
      nonce,
      balance,
      code: await state.getCode(address),
      storage,
    })
  }
  return accounts
}
