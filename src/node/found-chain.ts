/** Founds a chain in a folder: a key file for each of its validators, and the manifest that all its nodes start by. */

import { access, mkdir, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fromHex, type Hex } from '../base/bytes.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { manifestToJson, parseManifest } from '../chain/ledger/manifest-codec.ts'
import { type SignatureScheme, signatureSchemes } from '../crypto/signatures.ts'
import { syncFolder } from '../store/durable-folder.ts'
import { birthManifest, type Founder, founderOf } from './birth-manifest.ts'
import { consensusNames } from './consensus-names.ts'
import { createKeyFile, keyFileAddress, openKeyFile } from './key-files.ts'

/** What is founded. */
export interface Foundation {
  readonly folder: string
  readonly engine: string
  readonly name: string
  readonly chainId: number
  readonly validators: number
  readonly scheme: string
  readonly blockTimeMs?: number
  /** Who changes the set of a chain that somebody governs. */
  readonly owner: string | undefined
  readonly founderEther: number
  readonly accounts: readonly { readonly address: Hex; readonly balance: bigint }[]
  /** Of the key files; asked for when nothing else is wrong. */
  askPassword(): Promise<string>
}

/** What was founded. */
export interface FoundedChain {
  readonly manifest: string
  readonly scheme: string
  /** False when the manifest was there already. */
  readonly isNew: boolean
  readonly keys: readonly { readonly file: string; readonly account: string }[]
}

/** As many as a set may have. */
const mostValidators = 128
const gasLimit = 60_000_000

/**
 * Makes what is not there yet. Of a manifest that is there, the engine and the founders must be these.
 *
 * @throws AppError `node/bad-founding`, `node/founded-otherwise`, `ledger/bad-manifest`, and what key files throw
 */
export async function foundChain(given: Foundation): Promise<FoundedChain> {
  const { folder, validators } = given
  const scheme = checkedScheme(given)
  const password = await given.askPassword()
  await mkdir(folder, { recursive: true })
  const keys = []
  const founders = []
  for (let at = 0; at < validators; at += 1) {
    const file = path.join(folder, `validator-${at}.key`)
    if (!(await isThere(file))) await createKeyFile(file, password)
    const account = await keyFileAddress(file)
    keys.push({ file, account })
    founders.push(founderOf(scheme, await openKeyFile(file, password), fromHex(account)))
  }
  const manifest = manifestOf(given, founders, fundedAccounts(given, keys))
  const file = path.join(folder, 'manifest.json')
  const founded = { manifest: file, scheme, keys }
  if (!(await isThere(file))) {
    await writeWhole(file, manifestToJson(manifest))
    return { ...founded, isNew: true }
  }
  const known = parseManifest(await readFile(file, 'utf8'))
  const timeless = (one: typeof known) =>
    manifestToJson({ ...one, genesis: { ...one.genesis, timestamp: 0n } })
  if (timeless(known) === timeless(manifest)) return { ...founded, isNew: false }
  const message = `${file} is the birth of another chain than the one that was asked for; choose another folder, or start by it as it is`
  throw new AppError({ code: 'node/founded-otherwise', message })
}

/** The scheme, when a chain can be founded so: all that founders' keys do not change is looked at before any is made. */
function checkedScheme(given: Foundation): SignatureScheme {
  const { engine, validators } = given
  const scheme = signatureSchemes.find((one) => one === given.scheme)
  if (!scheme)
    throw bad(`a validator signs by ${signatureSchemes.join(', ')}, not by "${given.scheme}"`)
  if (!consensusNames.some((one) => one === engine))
    throw bad(`a chain is founded by ${consensusNames.join(', ')}, not by "${engine}"`)
  if (validators > mostValidators) throw bad(`a set has at most ${mostValidators} validators`)
  const standIn = founderOf(scheme, new Uint8Array(32).fill(1), new Uint8Array(20).fill(1))
  manifestOf(given, [standIn], given.accounts)
  return scheme
}

function manifestOf(
  { name, chainId, engine, blockTimeMs, owner }: Foundation,
  founders: readonly Founder[],
  accounts: Foundation['accounts'],
): Manifest {
  return birthManifest({
    ...{ name, chainId, consensus: engine, founders, gasLimit, accounts },
    parts: { ...(blockTimeMs !== undefined && { blockTimeMs }), ...(owner && { owner }) },
    time: Math.floor(Date.now() / 1_000),
  })
}

/** Founders and others, each once. */
function fundedAccounts(
  { accounts, founderEther }: Foundation,
  keys: FoundedChain['keys'],
): Foundation['accounts'] {
  const balance = BigInt(founderEther) * 10n ** 18n
  const balances = new Map(keys.map(({ account }) => [account.toLowerCase(), balance]))
  for (const one of accounts) balances.set(one.address.toLowerCase(), one.balance)
  return [...balances].map(([address, wei]) => ({ address: address as Hex, balance: wei }))
}

/** Under its name there is nothing or all of it. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.part`
  const handle = await open(draft, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  await syncFolder(path.dirname(path.resolve(file)))
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

function bad(message: string): AppError {
  return new AppError({ code: 'node/bad-founding', message })
}
