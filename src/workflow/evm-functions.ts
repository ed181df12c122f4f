/** Gives workflows their chain steps: sending, deploying, calling, reading, waiting, verifying, answering. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { compileExpression } from '../stream/jq.ts'
import type { ContractBook } from './contract-book.ts'
import type { ActionContext, ActionOutcome } from './durable-context.ts'
import { badInput } from './evm/abi-json.ts'
import { agreedAnswer } from './evm/agreed-answer.ts'
import { readChain } from './evm/chain-reading.ts'
import { type ContractCall, callOf, creationOf, fieldsOf } from './evm/contract-call.ts'
import { called } from './evm/contract-reading.ts'
import { blockRevert, toldRevert } from './evm/reverts.ts'
import { identityVerify } from './identity-verify.ts'
import { chosenSender, hasSigned, type Senders } from './sender-choice.ts'
import type { SentOutcome } from './sent-transaction.ts'
import type { StepFunction } from './workflow.ts'

/** What the steps work with. */
export interface EvmFunctionOptions extends Senders {
  readonly client: JsonRpcClient
  readonly book: ContractBook
  readonly clock: Clock
}

/** How long a step waits for a key, a role or funds before it looks again, and bounds of what `evm.waitFor` is told. */
const lookAgainMs = 2_000
const [leastEveryMs, mostEveryMs] = [200, 3_600_000]

/** What is waited for, however long it takes: a failed attempt would count, and end the instance in the end. */
const passing = [
  'workflow/no-signer',
  'workflow/no-funds',
  'workflow/fee-too-high',
  'workflow/not-taken',
  'json-rpc/unreachable',
]

/** The functions `evm.send`, `evm.deploy`, `evm.call`, `evm.read`, `evm.waitFor`, `identity.verify` and `oracle.answer`. */
export function evmFunctions(options: EvmFunctionOptions): Readonly<Record<string, StepFunction>> {
  const { client, book } = options
  const patient =
    (work: StepFunction): StepFunction =>
    async (input, context) => {
      try {
        return await work(input, context)
      } catch (error) {
        if (error instanceof AppError && passing.includes(error.code)) return waiting(error.message)
        throw error
      }
    }
  return {
    'evm.send': patient(async (input, context) =>
      sendStep(options, await callOf(input, book), context),
    ),
    'evm.deploy': patient((input, context) => sendStep(options, creationOf(input, book), context)),
    'evm.call': patient(async (input) => done(await called(options, input))),
    'evm.read': patient(async (input) => done(await readChain(client, fieldsOf(input)))),
    'evm.waitFor': patient((input) => waitStep(options, input)),
    'identity.verify': patient(identityVerify(options)),
    'oracle.answer': patient((input, context) => answerStep(options, input, context)),
  }
}

const done = (output: Json): ActionOutcome => ({ kind: 'done', output })

async function sendStep(
  { client, ...senders }: EvmFunctionOptions,
  call: ContractCall,
  { idempotencyKey, traceparent, signal, isEnding }: ActionContext,
): Promise<ActionOutcome> {
  if (isEnding && !(await hasSigned(senders, idempotencyKey))) return { kind: 'untouched' }
  const sender = await chosenSender(senders, { from: call.from, idempotencyKey })
  const { address: from } = sender
  const { to, data, value, gas, confirmations, abis } = call
  let outcome: SentOutcome
  try {
    const request = { idempotencyKey, to, data, value, gas, confirmations, traceparent }
    outcome = await sender.send(request, signal)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return afterRevert(await toldRevert(error, { ...call, from }, { client, abis }), { from, to })
  }
  if (!outcome.succeeded) throw await blockRevert(outcome, { ...call, from }, { client, abis })
  const created = to === undefined ? { address: outcome.contractAddress ?? '' } : {}
  return done({ ...outcome, from, ...created })
}

/** Sends what sources agree on, as the last argument. @throws WorkflowError where they do not agree */
async function answerStep(
  options: EvmFunctionOptions,
  input: Json,
  context: ActionContext,
): Promise<ActionOutcome> {
  const { args = [], ...fields } = fieldsOf(input)
  if (!Array.isArray(args)) throw badInput('"args" must be a list')
  const agreed = agreedAnswer(fields)
  const call = await callOf({ ...fields, args: [...args, agreed.answer] } as Json, options.book)
  const outcome = await sendStep(options, call, context)
  if (outcome.kind !== 'done') return outcome
  return done({ ...agreed, ...(outcome.output as object) })
}

/** A right that is missing is waited for; any other revert ends the instance. */
function afterRevert(
  error: AppError,
  { from, to }: { readonly from: Hex; readonly to: Hex | undefined },
): ActionOutcome {
  const { error: name, args } = error.data as { error?: string; args?: readonly string[] }
  if (name !== 'AccessControlUnauthorizedAccount') throw error
  const role = args?.[1] ?? 'a role'
  return waiting(`${from} lacks the role ${role} of contract ${to}: its admin must grant it`)
}

/**
 * Waits: `{transaction, confirmations?}` for a transaction to be in a block, `{block}` for a height, or `{contract, function,
 * args, until}` for a jq expression on the answer to be true; `everyMs` is the pause between two looks.
 */
async function waitStep(options: EvmFunctionOptions, input: Json): Promise<ActionOutcome> {
  const fields = fieldsOf(input)
  const { client } = options
  const every = typeof fields.everyMs === 'number' ? fields.everyMs : lookAgainMs
  const retryAfterMs = Math.min(Math.max(every, leastEveryMs), mostEveryMs)
  const later = (reason: string): ActionOutcome => ({ kind: 'waiting', reason, retryAfterMs })
  if (fields.transaction !== undefined) {
    const { transaction, confirmations = 0 } = fields
    const receipt = await readChain(client, { read: 'receipt', hash: transaction })
    if (receipt === null) return later(`transaction ${String(transaction)} is in no block yet`)
    const mined = Number((receipt as { readonly blockNumber: Json }).blockNumber)
    const missing = mined + Number(confirmations) - (await heightOf(client))
    return missing <= 0 ? done(receipt) : later(`${missing} more blocks must follow block ${mined}`)
  }
  if (fields.block !== undefined) {
    const head = await heightOf(client)
    if (head >= Number(fields.block)) return done({ block: String(head) })
    return later(`block ${Number(fields.block)} is not there yet; the head is block ${head}`)
  }
  if (typeof fields.until !== 'string') {
    throw badInput('evm.waitFor needs "transaction", "block", or a call with "until"')
  }
  const isMet = compileExpression(fields.until)
  const answer = await called(options, input)
  return isMet(answer) === true ? done(answer) : later(`${fields.until} is not true yet`)
}

async function heightOf(client: JsonRpcClient): Promise<number> {
  return Number(await client.request('eth_blockNumber'))
}

function waiting(reason: string): ActionOutcome {
  return { kind: 'waiting', reason, retryAfterMs: lookAgainMs }
}
