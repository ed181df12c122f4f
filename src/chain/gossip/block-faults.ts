/** Tells what is wrong with a block that came from a peer: its header, or what came with it. */

import type { Verdict } from '../consensus/consensus.ts'

type Invalid = Extract<Verdict, { kind: 'invalid' }>

const headerRules: readonly string[] = [
  ...['decode', 'engine', 'parent', 'timestamp', 'gas', 'constants', 'mix', 'validators', 'work'],
  'finality',
]
/** What another body under the same header may not break. */
const bodyRules: readonly string[] = [
  ...['block-size', 'transactionsRoot', 'ommersHash', 'withdrawalsRoot', 'blobGasUsed'],
]

/** Whether a block breaks a rule of headers. */
export function isOfHeader({ rule }: Invalid): boolean {
  return headerRules.includes(rule)
}

/** Whether a block's body is not that of its header: with another one it may be right. */
export function isOfBody({ rule }: Invalid): boolean {
  return bodyRules.includes(rule)
}
