/** Checks files with proofs of finality by what somebody trusts: a manifest, or a block and the key of its chain. */

import { readFile, stat } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'
import { genesisOf } from '../chain/genesis.ts'
import { chainKey } from '../chain/ledger/manifest-codec.ts'
import { type FinalBlock, type TrustedBlock, verifyFinality } from '../rpc/finality-proof.ts'
import { readGenesisFile } from './stored-chain.ts'

export type { FinalBlock } from '../rpc/finality-proof.ts'

/** What is trusted. */
export interface Trust {
  /** File of a manifest, which says the first block and the key. */
  readonly genesis?: string
  readonly chainKey?: string
  readonly trusted?: { readonly number: bigint; readonly hash: string } | undefined
}

/** Longest file of a proof, in bytes. */
const maxFileBytes = 256 * 1024 * 1024

/**
 * The block that a file proves to be final.
 *
 * @throws AppError `node/no-proof` for a file that cannot be read, `node/no-trust`, `rpc/bad-proof`
 */
export async function verifyProofFile(file: string, trust: Trust): Promise<FinalBlock> {
  return verifyFinality(await readProof(file), await trustedBlock(trust))
}

async function readProof(file: string): Promise<Json> {
  try {
    const { size } = await stat(file)
    if (size > maxFileBytes) throw new Error(`it is over ${maxFileBytes} bytes`)
    return JSON.parse(await readFile(file, 'utf8')) as Json
  } catch (cause) {
    const message = `${file} holds no proof: ${fileReason(cause)}`
    throw new AppError({ code: 'node/no-proof', message, cause })
  }
}

async function trustedBlock({ genesis, chainKey: key, trusted }: Trust): Promise<TrustedBlock> {
  if (genesis !== undefined) {
    const manifest = await readGenesisFile(genesis, { name: 'ethereum', folder: '' })
    const first = () => {
      const { executed, state } = genesisOf(manifest)
      state.release()
      return { number: 0n, hash: toHex(executed.block.hash) }
    }
    return { chainKey: toHex(chainKey(manifest)), ...(trusted ?? first()) }
  }
  if (key !== undefined && trusted) return { chainKey: key, ...trusted }
  const message =
    'a proof shows nothing to those who trust nothing: name the manifest of the chain, or its key and a block'
  throw new AppError({ code: 'node/no-trust', message })
}
