/** Opens what a validator signs with: its key behind the guard, and the log of the height that it is in. */

import path from 'node:path'
import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'
import { keyAddress, type SigningKey } from '../../crypto/signatures.ts'
import type { LinkKey, ValidatorOptions } from '../chain-network.ts'
import type { LoggedHeight } from '../consensus/consensus.ts'
import { decodeMessage } from '../consensus/message-codec.ts'
import type { Instance, Validator } from '../consensus/messages.ts'
import { isHello, readSignBytes } from '../consensus/sign-bytes.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { openSigningGuard, type SigningGuard, type SigningGuardOptions } from './signing-guard.ts'
import { openSigningLog, type SigningLog, type SigningLogOptions } from './signing-log.ts'

/** What is open while a validator runs. */
export interface ValidatorSigner {
  /** The weight is that of the set that it is in. */
  readonly validator: Validator
  readonly guard: SigningGuard
  readonly log: SigningLog
  readonly logged: LoggedHeight | undefined
  /** Proves to peers who this is: it signs hellos alone, which no guard has to watch. */
  readonly linkKey: LinkKey
  close(): Promise<void>
}

/** How files are opened, where that is not the machine's own disk. */
export interface SignerFiles {
  readonly guard: SigningGuardOptions['open']
  readonly log: SigningLogOptions['open']
}

/** The chain that is signed for. */
export interface SigningPlace {
  readonly folder: string
  readonly chainKey: Hash
  readonly logger: Logger
  /** What the validators vote on; blocks unless given. */
  readonly instance?: Instance
  readonly files?: SignerFiles
}

/**
 * Opens all keys of a node, but those that turn out to be another chain's.
 *
 * @throws what `openValidatorSigner` throws
 */
export async function openValidatorSigners(
  keys: readonly ValidatorOptions[],
  place: SigningPlace,
): Promise<readonly ValidatorSigner[]> {
  const signers: ValidatorSigner[] = []
  for (const one of keys) {
    try {
      const signer = await openValidatorSigner(one, place)
      signers.push(signer)
      if (one.isAnybodys) await signer.guard.claim()
    } catch (error) {
      const isOther = error instanceof AppError && error.code === 'consensus/other-chain'
      if (isOther && one.isAnybodys) continue
      await Promise.all(signers.map((signer) => signer.close()))
      throw error
    }
  }
  return signers
}

/** The name of a validator's log in the folder of its chain. */
export function signingLogFile(address: Address): string {
  return `signing-${address.toHex()}.log`
}

/** Opens both; @throws what the guard and the log throw */
export async function openValidatorSigner(
  { key, guardFile }: ValidatorOptions,
  { folder, chainKey, logger, instance = 0, files }: SigningPlace,
): Promise<ValidatorSigner> {
  const address = keyAddress(key)
  const guard = await openSigningGuard({
    ...{ file: guardFile, chainKey, open: files?.guard },
    sign: (one) => key.sign(one),
  })
  let log: SigningLog
  try {
    log = await openSigningLog({
      ...{
        path: path.join(folder, signingLogFile(address)),
        chainKey,
        address,
        open: files?.log,
      },
      cut: (bytes) => logger.warn('an unfinished record was cut off', { folder, bytes }),
    })
  } catch (error) {
    await guard.close()
    throw error
  }
  const { scheme, publicKey } = key
  return {
    validator: { address, scheme, publicKey, weight: 1n, payTo: new Uint8Array(20) },
    ...{
      guard,
      log,
      logged: log.found && { ...decoded(log.found), last: lastOf(guard, log, instance) },
    },
    linkKey: { scheme, publicKey, sign: (bytes) => signHello(key, bytes) },
    async close() {
      await Promise.all([guard.close(), log.close()])
    },
  }
}

/** What is no hello goes by the guard. */
function signHello(key: SigningKey, bytes: Uint8Array): Uint8Array {
  if (isHello(bytes)) return key.sign(bytes)
  const message = `${bytes.length} bytes are no hello, and nothing else is signed for a link`
  throw new AppError({ code: 'consensus/not-to-be-signed', message })
}

/** What the guard has signed for the height of the log: a crash may have come before the log had it. */
function lastOf(
  guard: SigningGuard,
  { found }: SigningLog,
  instance: Instance,
): LoggedHeight['last'] {
  const last = guard.last(instance)
  const unsigned = last && readSignBytes(last.bytes)
  if (!unsigned || unsigned.content.height !== found?.height) return undefined
  return { unsigned, signature: last.signature }
}

function decoded(found: NonNullable<SigningLog['found']>): LoggedHeight {
  return {
    ...{ height: found.height, state: found.state, messages: found.messages.map(decodeMessage) },
    blocks: found.blocks.map(({ hash, block }) => ({ hash, bytes: block })),
  }
}
