/** Opens the key by which this node is a validator, and says of which chains. */

import { equalBytes } from '../base/bytes.ts'
import type { ValidatorOptions } from '../chain/chain-network.ts'
import { revealSeed } from '../chain/consensus/randao.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { signingKey } from '../crypto/signatures.ts'
import { lockFile } from '../store/folder-lock.ts'
import type { Composition } from './composition.ts'
import { openSetKey } from './key-files.ts'

/**
 * What a chain is opened with: the key, where its first set has it.
 *
 * @throws AppError `store/file-in-use`, `node/no-password`, and what opening a key file throws
 */
export async function openValidatorKey({
  values,
  hooks,
  stops,
}: Composition): Promise<(manifest: Manifest) => ValidatorOptions | undefined> {
  const { validatorKeyFile: file, validatorPasswordFile: passwordFile, validatorScheme } = values
  if (file === undefined) return () => undefined
  // Nobody moves the key, and no other process signs by it, meanwhile.
  const lock = await lockFile(file)
  stops.push(() => lock.release())
  const setting = 'QS_VALIDATOR_PASSWORD_FILE'
  const seed = await openSetKey({ file, passwordFile, setting }, hooks.askPassword)
  const key = signingKey(validatorScheme, seed)
  return ({ consensus }) => {
    if (!('validators' in consensus)) return undefined
    const isMember = consensus.validators.some((one) => equalBytes(one.publicKey, key.publicKey))
    return isMember ? { key, guardFile: `${file}.guard`, revealSeed: revealSeed(seed) } : undefined
  }
}
