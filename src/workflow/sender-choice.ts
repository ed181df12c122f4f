/** Chooses which of several keys sends a transaction. */

import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { badInput } from './evm/abi-json.ts'
import type { TransactionSender } from './sent-transaction.ts'

/** The keys of a program on one chain. */
export interface Senders {
  /** Sends where no account is named; absent: nothing can be sent. */
  readonly sender: TransactionSender | undefined
  /** Send where their account is named. */
  readonly others?: readonly TransactionSender[]
}

/** What is sent by whom. */
interface Choice {
  /** The account that is to send. */
  readonly from: Hex | undefined
  readonly idempotencyKey: Hex
}

/** Whether something was sent under a key by any of them. */
export async function hasSigned({ sender, others = [] }: Senders, key: Hex): Promise<boolean> {
  for (const one of [sender, ...others]) if (await one?.hasSigned(key)) return true
  return false
}

/**
 * The sender of a transaction; who has sent something under its key before goes on with that, so that it is sent once.
 *
 * @throws AppError `workflow/bad-input` where the key was used by another account than the one that is named;
 * `workflow/no-signer` where there is no key for it
 */
export async function chosenSender(
  { sender, others = [] }: Senders,
  { from, idempotencyKey }: Choice,
): Promise<TransactionSender> {
  const all = sender === undefined ? [] : [sender, ...others]
  const named = all.find(({ address }) => from === undefined || address === from)
  for (const one of others.length === 0 ? [] : all) {
    if (one === named || !(await one.hasSigned(idempotencyKey))) continue
    if (from === undefined) return one
    throw badInput(`what has this idempotency key was sent by ${one.address}, not by ${from}`)
  }
  return named ?? namedSender({ sender, others }, from)
}

/** The sender of an account; the first where none is named. @throws AppError `workflow/no-signer` */
export function namedSender(
  { sender, others = [] }: Senders,
  from: Hex | undefined,
): TransactionSender {
  const all = sender === undefined ? [] : [sender, ...others]
  const named = all.find(({ address }) => from === undefined || address === from)
  if (named !== undefined) return named
  const message =
    from === undefined
      ? 'no key to send with: set QS_SENDER_KEY_FILE, or start with --dev --mnemonic'
      : `no key of ${from} to send with: name it in QS_SENDER_KEY_FILE (or QS_SENDER_VAULT_PATH, QS_SENDER_ADDRESS), too`
  throw new AppError({ code: 'workflow/no-signer', message })
}
