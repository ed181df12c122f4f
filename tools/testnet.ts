/** Runs several validators of one chain as processes on this machine, and shows how they stand: `npm run testnet`. */

import { type ChildProcess, spawn } from 'node:child_process'
import { access, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { toHex } from '../src/base/bytes.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { manifestToJson, parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import { type SignatureScheme, signatureSchemes, signingKey } from '../src/crypto/signatures.ts'
import { devAccounts, testWords } from '../src/node/dev-accounts.ts'
import { createKeyFile, openKeyFile } from '../src/node/key-files.ts'
import { knownName, readOptions, wholeNumber } from './command-options.ts'

const usage = `usage: npm run testnet -- [--validators N] [--consensus bft] [--scheme S] [--data DIR] [--json]
  --validators N   processes, default 4, at most 16
  --consensus C    bft; the others cannot be had by several nodes yet
  --scheme S       how they sign: ${signatureSchemes.join(', ')}; default ml-dsa-65
  --data DIR       keys, manifest and chains; default ./testnet; what is there goes on
  --json           a line of JSON a second in place of a table

Validator i of 0 to N−1 has JSON-RPC at port 8545+i, its API at 4000+10i, and its peers at 30400+i. Ctrl-C stops all.`

const { values } = readOptions(usage, {
  options: {
    validators: { type: 'string', default: '4' },
    consensus: { type: 'string', default: 'bft' },
    scheme: { type: 'string', default: 'ml-dsa-65' },
    data: { type: 'string', default: 'testnet' },
    json: { type: 'boolean', default: false },
  },
})
const count = wholeNumber(values.validators, '--validators', 1)
if (count > 16) {
  process.stderr.write(
    '--validators is over 16, the most whose ports do not meet; --help tells more\n',
  )
  process.exit(2)
}
knownName(values.consensus, ['bft'])
const scheme = knownName(values.scheme, signatureSchemes) as SignatureScheme
const data = path.resolve(values.data)
/** Keys of a test network protect nothing. */
const password = 'only for tests'

const passwordFile = path.join(data, 'password')
const manifestFile = path.join(data, 'manifest.json')
const keyFile = (at: number) => path.join(data, `validator-${at}.key`)

/** Keys and manifest, where they are not there yet. */
async function prepare(): Promise<void> {
  await mkdir(data, { recursive: true })
  if (await isThere(manifestFile)) return checkManifest()
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const validators = []
  for (let at = 0; at < count; at += 1) {
    if (!(await isThere(keyFile(at)))) await createKeyFile(keyFile(at), password)
    const { publicKey } = signingKey(scheme, await openKeyFile(keyFile(at), password))
    const payTo = new Uint8Array(20).fill(at + 1)
    validators.push({ scheme, publicKey: toHex(publicKey), weight: '1', payTo: toHex(payTo) })
  }
  const balance = String(10n ** 25n)
  const accounts = devAccounts(testWords, 20).map(({ address }) => {
    return { address, balance }
  })
  const manifest = parseManifest(
    JSON.stringify({
      ...{ version: 1, name: 'testnet', chainId: 7001, hardfork: 'osaka' },
      consensus: { engine: 'bft', blockTimeMs: 1_000, validators },
      genesis: {
        timestamp: Math.floor(Date.now() / 1_000),
        ...{ gasLimit: '100000000', baseFeePerGas: '1000000000', extraData: '0x', accounts },
      },
    }),
  )
  await writeFile(manifestFile, manifestToJson(manifest))
}

async function checkManifest(): Promise<void> {
  const { consensus }: Manifest = parseManifest(await readFile(manifestFile, 'utf8'))
  if (consensus.engine === 'bft' && consensus.validators.length === count) return
  process.stderr.write(
    `${manifestFile} is of another network: give its number of validators, or another --data\n`,
  )
  process.exit(2)
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

const peersOf = (at: number) =>
  Array.from({ length: count }, (_, other) => `127.0.0.1:${30_400 + other}`).filter(
    (_, other) => other !== at,
  )

async function start(at: number): Promise<ChildProcess> {
  const log = await open(path.join(data, `validator-${at}.log`), 'a')
  const child = spawn(
    process.execPath,
    [
      ...[path.join(import.meta.dirname, '../src/cli/main.ts'), 'start', '--genesis', manifestFile],
      ...['--data', path.join(data, `validator-${at}`)],
      ...['--rpc-port', String(8_545 + at), '--api-port', String(4_000 + 10 * at)],
      ...['--peers-port', String(30_400 + at), '--peers-host', '127.0.0.1'],
      ...(count > 1 ? ['--peers', peersOf(at).join(',')] : []),
      ...['--validator-key-file', keyFile(at), '--validator-password-file', passwordFile],
      ...['--validator-scheme', scheme],
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  )
  await log.close()
  return child
}

/** How a validator stands; numbers are absent while it does not answer. */
interface Standing {
  readonly validator: number
  readonly pid: number | undefined
  readonly height?: number
  readonly finalized?: number
  readonly peers?: number
}

async function standingOf(child: ChildProcess, validator: number): Promise<Standing> {
  const pid = child.exitCode === null ? child.pid : undefined
  const calls = [
    ['eth_blockNumber', []],
    ['eth_getBlockByNumber', ['finalized', false]],
    ['net_peerCount', []],
  ].map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }))
  try {
    const response = await fetch(`http://127.0.0.1:${8_545 + validator}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      ...{ body: JSON.stringify(calls), signal: AbortSignal.timeout(900) },
    })
    const answers = (await response.json()) as { id: number; result: never }[]
    const [height, block, peers] = answers.sort((a, b) => a.id - b.id).map(({ result }) => result)
    const { number } = block as unknown as { readonly number: string }
    return {
      validator,
      pid,
      height: Number(height),
      finalized: Number(number),
      peers: Number(peers),
    }
  } catch {
    return { validator, pid }
  }
}

function show(standings: readonly Standing[], isFirst: boolean): void {
  const rows = standings.map(
    ({ validator, height = '-', finalized = '-', peers = '-', pid = 'ended' }) =>
      [validator, height, finalized, peers, pid].map((cell) => String(cell).padStart(10)).join(''),
  )
  const head = ['validator', 'height', 'final', 'peers', 'process'].map((one) => one.padStart(10))
  if (process.stdout.isTTY && !isFirst) process.stdout.write(`\x1b[${count + 1}A`)
  console.log([head.join(''), ...rows].join('\n'))
}

await prepare()
const children = await Promise.all(Array.from({ length: count }, (_, at) => start(at)))
const stopping = new AbortController()
const stop = () => stopping.abort()
process.once('SIGINT', stop).once('SIGTERM', stop)
for (let isFirst = true; !stopping.signal.aborted; isFirst = false) {
  const standings = await Promise.all(children.map(standingOf))
  if (values.json)
    console.log(JSON.stringify({ time: new Date().toISOString(), validators: standings }))
  else show(standings, isFirst)
  if (standings.every(({ pid }) => pid === undefined)) break
  await pause(1_000, undefined, { signal: stopping.signal }).catch(() => {})
}
const ended = children.map((child) => {
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGTERM')
  return new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
})
process.exitCode = (await Promise.all(ended)).some((code) => code !== 0) ? 1 : 0
