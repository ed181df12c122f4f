/** Compares what two stores have decided at one height, and names those who are guilty if it is not the same. */

import { readFile, stat } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Chain } from '../chain/chain.ts'
import { findGuilty } from '../chain/consensus/forensics.ts'
import type { Certificate } from '../chain/consensus/messages.ts'
import { schemes } from '../chain/consensus/schemes.ts'
import { decodeCertificate } from '../chain/consensus/travelling-block.ts'
import { withChain } from './stored-chain.ts'

/** What was found. */
export interface HeightForensics {
  readonly decided: readonly { readonly round: number; readonly hash: Hex }[]
  readonly guilty: readonly {
    readonly address: Hex
    readonly weight: string
    readonly fault: 'double-vote' | 'amnesia'
  }[]
  readonly weight: string
  readonly total: string
  /** Why nobody is named. */
  readonly missing: string | undefined
}

/** Which height of which chain, and the other store: a data folder, or a file of `chain certificate`. */
interface ForensicsWish {
  readonly data: string
  readonly name?: string | undefined
  readonly height: bigint
  readonly other: string
}

/** Longest file with a certificate, in bytes. */
const maxFileBytes = 64 * 1024 * 1024

/** Looks at the certificates of both stores. @throws AppError `node/no-certificate`, and as opening a chain does */
export async function forensicsOf(wish: ForensicsWish): Promise<HeightForensics> {
  const { data, name, height, other } = wish
  const isFolder = (await stat(other).catch(() => undefined))?.isDirectory() === true
  const theirs = isFolder ? await storedCertificates(other, wish) : await fileCertificates(other)
  return withChain({ data, name }, undefined, async (chain) => {
    const own = certificatesOf(chain, height)
    const validators = chain.validatorsAt(height)
    if (!own || !validators) throw none(data, height)
    const check = { chainKey: chain.key, validators, schemes }
    const { decided, guilty, weight, total, missing } = findGuilty([...own, ...theirs], check)
    return {
      decided: decided.map(({ round, value }) => ({ round, hash: toHex(value) })),
      guilty: guilty.map((one) => ({
        ...{ address: toHex(one.address), weight: String(one.weight), fault: one.fault },
      })),
      ...{ weight: String(weight), total: String(total), missing },
    }
  })
}

function storedCertificates(
  data: string,
  { name, height }: Pick<ForensicsWish, 'name' | 'height'>,
): Promise<readonly Certificate[]> {
  return withChain({ data, name }, undefined, async (chain) => {
    const found = certificatesOf(chain, height)
    if (found) return found
    throw none(data, height)
  })
}

/** What decided a height, and the polkas that the node saw of it. */
function certificatesOf(chain: Chain, height: bigint): readonly Certificate[] | undefined {
  const decision = chain.decisionOf(height)
  return decision && [decision.proof, ...decision.polkas]
}

/** The last certificate of an exported proof, and the polkas beside it. */
async function fileCertificates(file: string): Promise<readonly Certificate[]> {
  try {
    const { size } = await stat(file)
    if (size > maxFileBytes) throw new Error(`it is over ${maxFileBytes} bytes`)
    const { steps, polkas } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly steps?: readonly Json[]
      readonly polkas?: readonly Hex[]
    }
    const { certificate } = (steps?.at(-1) ?? {}) as { readonly certificate?: Hex }
    if (typeof certificate !== 'string') throw new Error('it has no certificate')
    return [certificate, ...(polkas ?? [])].map((one) => decodeCertificate(fromHex(one)))
  } catch (cause) {
    const message = `${file} holds no proof of finality: ${fileReason(cause)}`
    throw new AppError({ code: 'node/no-certificate', message, cause })
  }
}

function none(data: string, height: bigint): AppError {
  const message = `${data} has no certificate of block ${height}`
  return new AppError({ code: 'node/no-certificate', message })
}
