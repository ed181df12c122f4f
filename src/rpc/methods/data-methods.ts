/** Puts data into transactions and gives them back with proofs: a part of the group qs. */

import { toHex } from '../../base/bytes.ts'
import {
  dataAddress,
  encodeInjectedData,
  isJsonType,
  isMediaType,
  maxMediaType,
} from '../../chain/ledger/injected-data.ts'
import type { Address, Hash, Signature } from '../../chain/ledger/transaction.ts'
import { encodeTransaction, signTransaction } from '../../chain/ledger/transaction-codec.ts'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import { parseJson } from '../data/data-schema.ts'
import { codedError, withCodes } from '../envelope/coded-error.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { optional, type Parser, record, unexpected } from '../params/parser.ts'
import { signature } from '../params/signature.ts'
import { address, bytes, hash, looseQuantity, text } from '../params/values.ts'
import { mustHave } from '../view/blocks.ts'
import type { ChainContext } from '../view/context.ts'
import type { DraftWish } from '../view/drafts.ts'
import {
  type DataPlace,
  dataOf,
  listData,
  minedData,
  proofJson,
  waitingData,
} from '../view/injected.ts'
import { type MethodTable, method } from './method.ts'
import { completed, draft, submitSigned } from './signed-drafts.ts'

/** What is to be injected. */
interface Given {
  readonly mediaType: string
  readonly content: Uint8Array
}

const given: Parser<Given> = (value, path) => {
  const { mediaType, content } = record(value, path)
  const type = text(mediaType, `${path}.mediaType`)
  if (!isMediaType(type)) {
    const expected = `a media type of at most ${maxMediaType} characters, such as application/json`
    throw unexpected(mediaType, `${path}.mediaType`, expected)
  }
  return { mediaType: type, content: bytes(content, `${path}.content`) }
}

const signed: Parser<{ readonly sender: Address; readonly signature: Signature }> = (
  value,
  path,
) => {
  const { sender, signature: by } = record(value, path)
  return {
    sender: address(sender, `${path}.sender`),
    signature: signature(by, `${path}.signature`),
  }
}

/** `12-0`: number of the block, and place of the transaction in it. */
const place: Parser<DataPlace> = (value, path) => {
  const [, number, position] = /^(\d{1,15})-(\d{1,7})$/.exec(text(value, path)) ?? []
  if (number === undefined) throw unexpected(value, path, 'an id such as 12-0')
  return { number: BigInt(number), position: Number(position) }
}

const page: Parser<{ readonly before: DataPlace | undefined; readonly limit: number }> = (
  value,
  path,
) => {
  const { before, limit } = record(value ?? {}, path)
  return {
    before: optional(place)(before, `${path}.before`),
    limit: Number(optional(looseQuantity, 50n)(limit, `${path}.limit`)),
  }
}

/** A hash, or an id. */
const reference: Parser<Hash | DataPlace> = (value, path) =>
  typeof value === 'string' && value.startsWith('0x') ? hash(value, path) : place(value, path)

export const dataMethods: MethodTable = {
  qs_injectRules: method([], ({ limits, injection: { key, schema } }) => ({
    address: toHex(dataAddress),
    maxBytes: toQuantity(limits.injectBytes),
    signer: key ? toHex(addressOfKey(key)) : null,
    schema: schema ? { hash: toHex(schema.hash), document: schema.document } : null,
  })),
  qs_inject: method([given, optional(signed)], (context, [data, by]) =>
    withCodes(async () => {
      const calldata = checked(context, data)
      if (!by) return sendOwn(context, calldata)
      const { sender } = by
      const transactionHash = await submitSigned(context, wish(sender, calldata), by.signature)
      return { transactionHash: toHex(transactionHash), sender: toHex(sender) }
    }),
  ),
  qs_draftInject: method([given, address], (context, [data, sender]) =>
    withCodes(() => draft(context, wish(sender, checked(context, data)))),
  ),
  qs_injected: method([reference], ({ chain }, [wanted]) => {
    const at = wanted instanceof Uint8Array ? chain.findTransaction(wanted) : atPlace(chain, wanted)
    const mined = at?.executed.block.transactions[at.position]
    const pooled = wanted instanceof Uint8Array && !at ? chain.pool.get(wanted) : undefined
    const transaction = mined ?? pooled?.transaction
    const data = transaction && dataOf(transaction)
    if (!data) return null
    const content = toHex(data.content)
    if (at) return { ...minedData(chain, at, data), content, proof: proofJson(at) }
    return pooled ? { ...waitingData(pooled, data), content, proof: null } : null
  }),
  qs_listInjected: method([page], async ({ chain, limits }, [{ before, limit }]) => {
    const { pageItems, scannedBlocks } = limits
    if (limit < 1 || limit > pageItems) {
      throw invalidParams(`params[0].limit: expected a number from 1 to ${pageItems}`)
    }
    const { items, next } = await listData(chain, { before, limit, scannedBlocks })
    return { items, next: next ? `${next.number}-${next.position}` : null }
  }),
  qs_transactionProof: method([hash], ({ chain }, [wanted]) => {
    const at = chain.findTransaction(wanted)
    return at ? proofJson(at) : null
  }),
}

function atPlace(chain: ChainContext['chain'], { number, position }: DataPlace) {
  mustHave(chain, number)
  const executed = chain.byNumber(number)
  return executed && { executed, position }
}

function wish(sender: Address, data: Uint8Array): DraftWish {
  return { sender, to: dataAddress, value: 0n, data }
}

/**
 * Calldata for data that the chain takes.
 *
 * @throws AppError `json-rpc/error` with the codes `rpc/data-too-large`, `rpc/data-not-json`, `rpc/data-misfit`
 */
function checked({ limits, injection }: ChainContext, { mediaType, content }: Given): Uint8Array {
  const { schema } = injection
  if (content.length > limits.injectBytes) {
    const message = `the data have ${content.length} bytes, and at most ${limits.injectBytes} are taken; store them elsewhere and inject their hash, or raise --inject-limit`
    throw codedError('rpc/data-too-large', message)
  }
  const value = isJsonType(mediaType) ? jsonOf(content) : undefined
  const fault = value === undefined ? `it takes JSON, not ${mediaType}` : schema?.faultOf(value)
  if (schema && fault !== undefined) {
    throw codedError('rpc/data-misfit', `the data do not fit the schema of this chain: ${fault}`)
  }
  return encodeInjectedData({ mediaType, schema: schema?.hash, content })
}

function jsonOf(content: Uint8Array) {
  try {
    return parseJson(content)
  } catch (error) {
    const message = `the data are called JSON and are none: ${(error as Error).message}`
    throw codedError('rpc/data-not-json', message)
  }
}

/** Sends data from the node's own account. */
async function sendOwn(context: ChainContext, calldata: Uint8Array) {
  const { chain, injection, signing } = context
  const { key } = injection
  if (key === undefined) {
    const message =
      'the data come without a signature, and this node has no key that signs for others: ask for a draft and sign it, or set QS_INJECT_KEY_FILE'
    throw codedError('rpc/no-signer', message)
  }
  const sender = addressOfKey(key)
  const filled = await completed(context, wish(sender, calldata))
  const transactionHash = await signing(() => {
    const nonce = chain.pool.nextNonce(sender)
    return chain.submit(encodeTransaction(signTransaction({ ...filled, nonce }, key)))
  })
  return { transactionHash: toHex(transactionHash), sender: toHex(sender) }
}
