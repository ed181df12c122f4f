/** Reads the refusals of the nodes that people use. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Refusal, refusalOf } from './refusals.ts'

test('a refusal is understood in the words of each node', () => {
  const said: readonly (readonly [string, Refusal])[] = [
    ['already known', 'known'],
    ['transaction already imported', 'known'],
    ['Known transaction: 0x12', 'known'],
    ['AlreadyKnown', 'known'],
    ['existing tx with same hash', 'known'],
    ['nonce too low: next nonce 5, tx nonce 4', 'nonce-used'],
    ['Nonce too low. Expected nonce to be 5 but got 4.', 'nonce-used'],
    ['OldNonce, Current nonce: 5, nonce of rejected tx: 4', 'nonce-used'],
    ['replacement transaction underpriced', 'nonce-taken'],
    ['Transaction replacement underpriced', 'nonce-taken'],
    ['ReplacementNotAllowed', 'nonce-taken'],
    ['transaction underpriced: tip needed 1, tip permitted 0', 'fee-too-low'],
    ['max fee per gas less than block base fee: address 0x1', 'fee-too-low'],
    ['FeeTooLow, MaxFeePerGas too low', 'fee-too-low'],
    ['Gas price below configured minimum gas price', 'fee-too-low'],
    ['Transaction maxFeePerGas (1) is too low for the next block', 'fee-too-low'],
    ['insufficient funds for gas * price + value: balance 0', 'no-funds'],
    ["Sender doesn't have enough funds to send tx.", 'no-funds'],
    ['InsufficientFunds, Account balance: 0', 'no-funds'],
    ['Upfront cost exceeds account balance', 'no-funds'],
    ['txpool is full', 'busy'],
    ['account limit exceeded', 'busy'],
    ['too many transactions wait for the next blocks; send it again in 1000 ms', 'busy'],
    ['intrinsic gas too low', 'other'],
    ['exceeds block gas limit', 'other'],
  ]
  for (const [message, refusal] of said) assert.equal(refusalOf(message), refusal, message)
})
