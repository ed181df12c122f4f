/** Finds out whether an account signed a hash: by recovery, or by asking the contract that it is. */

import {
  encodeDeployData,
  encodeFunctionData,
  erc6492SignatureValidatorAbi,
  erc6492SignatureValidatorByteCode,
  parseAbi,
} from 'viem'
import { AppError } from '../../base/app-error.ts'
import { fromHex, type Hex, toBigInt, toHex } from '../../base/bytes.ts'
import type { JsonRpcClient } from '../../base/json-rpc.ts'
import { recoverAddress } from '../../crypto/secp256k1.ts'
import { invalid, type Verdict } from './verdict.ts'

/** Half of the order of secp256k1: a larger s is another form of the same signature (EIP-2). */
const highestS = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
const erc1271Abi = parseAbi([
  'function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)',
])
/** What `isValidSignature` gives for a right signature (ERC-1271), as a word. */
const rightWord = `0x1626ba7e${'00'.repeat(28)}`
/** The end of a signature for a contract that may not be deployed yet (ERC-6492). */
const wrappedEnd = '6492'.repeat(16)

/**
 * Whether a signature of a hash is the signer's. An account without code signs by its key; one with code is asked.
 *
 * @throws AppError `json-rpc/unreachable`, and what the chain's endpoint says if it cannot answer
 */
export async function accountVerdict(
  client: JsonRpcClient,
  signer: Hex,
  { hash, signature }: { readonly hash: Hex; readonly signature: Hex },
): Promise<Verdict> {
  const recovered = recoveredSigner(hash, signature)
  if (recovered === signer.toLowerCase()) return { valid: true, kind: 'account', signer }
  const isWrapped = signature.toLowerCase().endsWith(wrappedEnd)
  if (!isWrapped && (await client.request('eth_getCode', [signer, 'latest'])) === '0x') {
    return invalid(
      recovered
        ? `it is the signature of ${recovered}, not of ${signer}`
        : `it is no signature of a key, and there is no contract at ${signer}`,
    )
  }
  const isRight = isWrapped
    ? await answers(client, { data: wrappedQuestion(signer, hash, signature) }, '0x01')
    : await answers(client, { to: signer, data: question(hash, signature) }, rightWord)
  if (isRight) return { valid: true, kind: 'contract', signer }
  return invalid(`the contract ${signer} does not take it for its signature`)
}

/** Whose key it was, in lower case: from r ‖ s ‖ v, or r ‖ yParity and s (EIP-2098). */
export function recoveredSigner(hash: Hex, signature: Hex): Hex | undefined {
  const bytes = fromHex(signature)
  if (bytes.length !== 65 && bytes.length !== 64) return undefined
  const r = toBigInt(bytes.subarray(0, 32))
  const word = toBigInt(bytes.subarray(32, 64))
  const isCompact = bytes.length === 64
  const s = isCompact ? BigInt.asUintN(255, word) : word
  const v = bytes[64] ?? 0
  const yParity = isCompact ? Number(word >> 255n) : v >= 27 ? v - 27 : v
  if (s > highestS) return undefined
  const address = recoverAddress(fromHex(hash), { yParity, r, s })
  return address && toHex(address)
}

function question(hash: Hex, signature: Hex): Hex {
  return encodeFunctionData({
    ...{ abi: erc1271Abi, functionName: 'isValidSignature', args: [hash, signature] },
  })
}

/** Code that is run once: it deploys the contract, asks it, and gives one byte. */
function wrappedQuestion(signer: Hex, hash: Hex, signature: Hex): Hex {
  return encodeDeployData({
    ...{ abi: erc6492SignatureValidatorAbi, bytecode: erc6492SignatureValidatorByteCode },
    args: [signer, hash, signature],
  })
}

/** Whether a call gives this; a revert is no. */
async function answers(
  client: JsonRpcClient,
  call: { readonly to?: Hex; readonly data: Hex },
  wanted: string,
): Promise<boolean> {
  try {
    return (await client.request('eth_call', [call, 'latest'])) === wanted
  } catch (error) {
    if (error instanceof AppError && isRevert(error)) return false
    throw error
  }
}

/** Whether the code failed, and not the endpoint: nodes have no common number for it. */
function isRevert({ code, data, message }: AppError): boolean {
  if (code !== 'json-rpc/error') return false
  return data.code === 3 || /revert|out of gas|opcode|stack (under|over)flow/i.test(message)
}
