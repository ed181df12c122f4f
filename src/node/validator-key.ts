/** Opens the keys by which this node is a validator, and says of which chains. */

import { equalBytes } from '../base/bytes.ts'
import type { ValidatorOptions } from '../chain/chain-network.ts'
import { revealSeed } from '../chain/consensus/randao.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { signatureSchemes, signingKey } from '../crypto/signatures.ts'
import { lockFile } from '../store/folder-lock.ts'
import type { Composition } from './composition.ts'
import { openSetKey } from './key-files.ts'

/**
 * What a chain is opened with: the keys that its first set has, and those that it may get later.
 *
 * @throws AppError `store/file-in-use`, `node/no-password`, and what opening a key file throws
 */
export async function openValidatorKeys({
  values,
  hooks,
  stops,
}: Composition): Promise<(manifest: Manifest) => readonly ValidatorOptions[]> {
  const { validatorKeyFile, validatorPasswordFile: passwordFile } = values
  if (validatorKeyFile === undefined) return () => []
  const files = listed(validatorKeyFile)
  const names = listed(values.validatorScheme ?? '')
  const setting = 'QS_VALIDATOR_PASSWORD_FILE'
  const keys: ValidatorOptions[] = []
  for (const [at, file] of files.entries()) {
    // Nobody moves the key, and no other process signs by it, meanwhile.
    const lock = await lockFile(file)
    stops.push(() => lock.release())
    const seed = await openSetKey({ file, passwordFile, setting }, hooks.askPassword)
    const name = names[at] ?? names.at(-1)
    const scheme = signatureSchemes.find((one) => one === name) ?? 'ed25519'
    const key = signingKey(scheme, seed)
    keys.push({ key, guardFile: `${file}.guard`, revealSeed: revealSeed(seed) })
  }
  return ({ consensus, parent }) => {
    if (!('validators' in consensus)) return []
    const isFounder = ({ key }: ValidatorOptions) =>
      consensus.validators.some((one) => equalBytes(one.publicKey, key.publicKey))
    // A key that signs for the chain that a fork comes from follows there.
    return keys.map((one) => ({ ...one, isAnybodys: parent !== undefined || !isFounder(one) }))
  }
}

function listed(text: string): readonly string[] {
  return text.split(',').filter((one) => one !== '')
}
