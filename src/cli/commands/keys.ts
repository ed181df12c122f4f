/** The command `keys`: makes and reads encrypted key files. */

import { AppError } from '../../base/app-error.ts'

import {
  createKeyFile,
  hashChainCommitment,
  importKeyFile,
  keyFileAddress,
  type Password,
  possessionProof,
  publicKeyOf,
} from '../../node/key-files.ts'
import type { Call, Command } from '../command.ts'
import { passwordOf } from '../flag-values.ts'

/** Of a validator. */
const lastHashChain = 255n

export const keysCommand: Command = {
  name: 'keys',
  summary: 'Makes and reads encrypted key files (Web3 secret storage, version 3)',
  usage:
    'new FILE | import FILE --from HEXFILE | address FILE | check FILE | public FILE --scheme S | commitment FILE --chain-id N | proof FILE --scheme S --chain KEY --owner ADDRESS',
  details:
    'An existing file is never overwritten. "import" reads a private key as 64 hex digits from\nHEXFILE. "check" asks for the password and says whether it opens the file. "public"\nprints the public key of a validator that signs by the scheme ed25519, ml-dsa-65 or secp256k1.\n"commitment" prints what a proof-of-stake validator commits to; "proof" what its owner must bring\nto the contract of stakes or delegates.',
  mostWords: 2,
  flags: [
    { name: 'from', value: 'HEXFILE', description: 'File with the private key to import' },
    { name: 'scheme', value: 'S', description: 'How a validator signs; default ed25519' },
    { name: 'chain-id', value: 'N', description: 'Of the chain that the commitment is for' },
    { name: 'number', value: 'K', description: 'Of the hash chain; default 0, each is good once' },
    { name: 'chain', value: 'KEY', description: 'Key of the chain that the proof is for' },
    { name: 'owner', value: 'ADDRESS', description: 'Account that will own the validator' },
    { name: 'password-file', value: 'F', description: 'Reads the password there, not by prompt' },
  ],
  settings: [],
  async run(call) {
    const [what, file] = call.words
    if (what === undefined || file === undefined) throw usage(call)
    if (what === 'address') console.log(await keyFileAddress(file))
    else if (what === 'check') {
      console.log(await keyFileAddress(file, password(call, false)))
    } else if (what === 'public') {
      const scheme = call.own.scheme ?? 'ed25519'
      console.log(await publicKeyOf(file, password(call, false), String(scheme)))
    } else if (what === 'commitment') {
      const chainId = natural(call, 'chain-id', { most: 2n ** 64n - 1n })
      const number = Number(natural(call, 'number', { most: lastHashChain, rest: '0' }))
      const place = { chainId, number }
      console.log(await hashChainCommitment(file, password(call, false), place))
    } else if (what === 'proof') {
      const { scheme = 'ed25519', chain = '', owner = '' } = call.own
      const place = { scheme: String(scheme), chain: String(chain), owner: String(owner) }
      console.log(await possessionProof({ file, ...place }, password(call, false)))
    } else if (what === 'new') console.log(await createKeyFile(file, password(call, true)))
    else if (what === 'import' && typeof call.own.from === 'string') {
      console.log(await importKeyFile(file, call.own.from, password(call, true)))
    } else throw usage(call)
    return 0
  },
}

/** A flag that is a natural number. */
function natural(
  call: Call,
  name: string,
  { most, rest }: { most: bigint; rest?: string },
): bigint {
  const text = String(call.own[name] ?? rest)
  if (/^\d{1,20}$/.test(text) && BigInt(text) <= most) return BigInt(text)
  const message = `--${name} must be a natural number of at most ${most}`
  throw new AppError({ code: 'cli/bad-usage', message })
}

function password(call: Call, twice: boolean): Password {
  return () => passwordOf(call, { question: 'Password', twice })
}

function usage(call: Call): AppError {
  return new AppError({
    code: 'cli/bad-usage',
    message: `"${['keys', ...call.words].join(' ')}" is not known or not whole; see "quantumstream keys --help"`,
  })
}
