/** Starts the senders of workflow transactions, with keys from files, a Vault, a signer elsewhere, or the mnemonic. */

import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { SqlStore } from '../store/sql.ts'
import { createHttpClient } from '../stream/json-rpc-http.ts'
import type { GuardedHttp } from '../workflow/guarded-http.ts'
import type { TransactionSender } from '../workflow/sent-transaction.ts'
import { keySigner, remoteSigner, type Signer } from '../workflow/signers.ts'
import { createTransactionSender } from '../workflow/transaction-sender.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'
import { senderAccount, testWords } from './dev-accounts.ts'
import { openSetKey } from './key-files.ts'
import { listOf } from './setting-kinds.ts'

/** Depth to which a transaction is watched, whatever the setting: to watch longer costs little, to lose a payment much. */
const leastFinalDepth = 64

interface SenderParts {
  readonly chain: SourceChain
  readonly sql: SqlStore
  readonly http: GuardedHttp
}

/**
 * Starts the senders of the configured accounts, the usual one first, and puts their stops on the list; none where no key
 * is configured.
 *
 * @throws AppError `node/sender-keys` for settings that contradict each other, `node/vault`, what opening a key file throws
 */
export async function startSenders(
  composition: Composition,
  { chain, sql, http }: SenderParts,
): Promise<readonly TransactionSender[]> {
  const signers = await configuredSigners(composition, chain, http)
  const { values, stops, logger, metrics, tracer } = composition
  const maxFeePerGas = BigInt(Math.round(values.maxFee * 1_000)) * 10n ** 6n
  const finalDepth = Math.max(leastFinalDepth, values.finalityDepth)
  const world = { sql, clock: systemClock, timer: systemTimer, logger, metrics, tracer }
  return signers.map((signer) => {
    const options = { chainId: chain.chainId, signer, maxFeePerGas, finalDepth }
    const sender = createTransactionSender(options, { client: chain.client, ...world })
    sender.start()
    stops.push(() => sender.stop())
    return sender
  })
}

async function configuredSigners(
  { values, hooks }: Composition,
  chain: SourceChain,
  http: GuardedHttp,
): Promise<readonly Signer[]> {
  const { senderKeyFile, senderVaultPath, senderSigner, senderAddress } = values
  const ways = [senderKeyFile, senderVaultPath, senderSigner].filter((way) => way !== undefined)
  if (ways.length > 1) {
    throw contradiction(
      'a key file, a Vault and a signer are configured: keep one of QS_SENDER_KEY_FILE, QS_SENDER_VAULT_PATH and QS_SENDER_SIGNER',
    )
  }
  if (senderSigner !== undefined) {
    if (senderAddress === undefined) throw contradiction('QS_SENDER_SIGNER needs QS_SENDER_ADDRESS')
    return remoteSigners(senderSigner, senderAddress)
  }
  if (senderVaultPath !== undefined) {
    const read = (secret: string) => keyOfVault(values, secret, http)
    return keySigners(senderVaultPath, 'secrets of QS_SENDER_VAULT_PATH', read)
  }
  if (senderKeyFile !== undefined) {
    const { senderPasswordFile: passwordFile } = values
    return keySigners(senderKeyFile, 'files of QS_SENDER_KEY_FILE', (file) =>
      openSetKey({ file, passwordFile, setting: 'QS_SENDER_PASSWORD_FILE' }, hooks.askPassword),
    )
  }
  const signer = mnemonicSigner(values, chain)
  return signer === undefined ? [] : [signer]
}

/** The keys of several places, each once: a lane has one sender in a process. */
async function keySigners(
  places: string,
  what: string,
  read: (place: string) => Promise<Uint8Array>,
): Promise<readonly Signer[]> {
  const signers: Signer[] = []
  for (const place of listOf(places)) {
    const signer = keySigner(await read(place))
    if (signers.some(({ address }) => address === signer.address)) {
      throw contradiction(`two ${what} hold the key of ${signer.address}`)
    }
    signers.push(signer)
  }
  return signers
}

/** One signer of all addresses, or as many as there are of these. */
function remoteSigners(urls: string, names: string): readonly Signer[] {
  const addresses = listOf(names.toLowerCase())
  const clients = listOf(urls).map((url) => createHttpClient({ url }))
  const twice = addresses.find((one, at) => addresses.indexOf(one) !== at)
  if (twice !== undefined) throw contradiction(`QS_SENDER_ADDRESS names ${twice} twice`)
  const [shared] = clients
  if (shared === undefined || (clients.length > 1 && clients.length !== addresses.length)) {
    throw contradiction(
      `QS_SENDER_SIGNER has ${clients.length} signers for ${addresses.length} accounts of QS_SENDER_ADDRESS: give one for all, or one for each`,
    )
  }
  return addresses.map((one, at) => remoteSigner(clients[at] ?? shared, one as `0x${string}`))
}

/** The platform's account of the mnemonic: on a foreign chain only if one is given. */
function mnemonicSigner(
  { mnemonic, dev }: Composition['values'],
  { embedded, accounts }: SourceChain,
): Signer | undefined {
  if (mnemonic !== undefined && !dev) {
    const message =
      '--mnemonic is for development: give --dev with it, or a key file by QS_SENDER_KEY_FILE'
    throw new AppError({ code: 'node/mnemonic-without-dev', message })
  }
  if (embedded && accounts.length > 0) return keySigner(senderAccount(mnemonic ?? testWords).key)
  return mnemonic === undefined ? undefined : keySigner(senderAccount(mnemonic).key)
}

/** Reads a secret of the engine KV, version 2 (HashiCorp Vault, `GET /v1/<mount>/data/<path>`). */
async function keyOfVault(
  { vaultAddress, vaultToken }: Composition['values'],
  secret: string,
  http: GuardedHttp,
): Promise<Uint8Array> {
  if (vaultAddress === undefined || vaultToken === undefined) {
    throw contradiction('QS_SENDER_VAULT_PATH needs VAULT_ADDRESS and VAULT_TOKEN')
  }
  const path = secret.split('/').map(encodeURIComponent).join('/')
  const url = new URL(`/v1/${path}`, vaultAddress)
  const fault = (reason: string, cause?: unknown) => {
    const message = `the key of the sender cannot be read from ${url.origin}/v1/${path}: ${reason}`
    return new AppError({ code: 'node/vault', message, cause })
  }
  const headers = { 'x-vault-token': vaultToken }
  const answer = await http.request({ url, headers, trusted: true }).catch((cause) => {
    throw fault((cause as Error).message, cause)
  })
  if (answer.status === 403) throw fault('the token may not read it')
  if (answer.status === 404)
    throw fault('there is no such secret (the path of KV 2 has /data/ in it)')
  if (answer.status !== 200) throw fault(`the Vault answered ${answer.status}`)
  const key = memberOf(answer.body.toString('utf8'))
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(key)) {
    throw fault('its member "key" does not hold 64 hex digits')
  }
  return Uint8Array.fromHex(key.replace(/^0x/, ''))
}

function memberOf(text: string): string {
  try {
    const { data } = JSON.parse(text) as { data?: { data?: { key?: unknown } } }
    return String(data?.data?.key ?? '')
  } catch {
    return ''
  }
}

function contradiction(message: string): AppError {
  return new AppError({ code: 'node/sender-keys', message })
}
