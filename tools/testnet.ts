/** Runs several validators of one chain as processes on this machine, and shows how they stand: `npm run testnet`. */

import { type ChildProcess, spawn } from 'node:child_process'
import { access, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { manifestToJson } from '../src/chain/ledger/manifest-codec.ts'
import { type SignatureScheme, signatureSchemes } from '../src/crypto/signatures.ts'
import { consensusParts, founderFlags } from '../src/node/birth-manifest.ts'
import { createKeyFile, openKeyFile } from '../src/node/key-files.ts'
import { knownName, readOptions, wholeNumber } from './command-options.ts'
import { foundersOf, testnetManifest } from './testnet-manifest.ts'

const names = Object.keys(consensusParts)
const usage = `usage: npm run testnet -- [--validators N] [--consensus C] [--scheme S] [--data DIR] [--json]
  --validators N     processes, default 4, at most 16
  --consensus C      ${names.join(', ')}; default bft
  --scheme S         how they sign: ${signatureSchemes.join(', ')}; default ml-dsa-65
  --data DIR         keys, manifest and chains; default ./testnet; what is there goes on
  --ports-from N     added to every port, so that a second network has room; default 0, at most 2350
  --json             a line of JSON a second in place of a table

Validator i of 0 to N−1 has JSON-RPC at port 8545+i, its API and console at 4000+10i, its health by gRPC at 4001+10i, and
its peers at 30400+i. Ctrl-C stops all.`

const { values } = readOptions(usage, {
  options: {
    validators: { type: 'string', default: '4' },
    consensus: { type: 'string', default: 'bft' },
    scheme: { type: 'string', default: 'ml-dsa-65' },
    data: { type: 'string', default: 'testnet' },
    'ports-from': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
})
const count = wholeNumber(values.validators, '--validators', 1)
const portsFrom = wholeNumber(values['ports-from'], '--ports-from', 0)
if (count > 16) refuse('--validators is over 16, the most whose ports do not meet')
if (portsFrom > 2_350) {
  refuse('--ports-from is over 2350, and a connection of this machine may be given a peers’ port')
}
const consensus = knownName(values.consensus, names)
const scheme = knownName(values.scheme, signatureSchemes) as SignatureScheme
const data = path.resolve(values.data)
/** Keys of a test network protect nothing. */
const password = 'only for tests'

const passwordFile = path.join(data, 'password')
const manifestFile = path.join(data, 'manifest.json')
const wishFile = path.join(data, 'network.json')
const keyFile = (at: number) => path.join(data, `validator-${at}.key`)
const logFile = (at: number) => path.join(data, `validator-${at}.log`)
const [rpcPort, apiPort, grpcPort, peersPort] = [
  (at: number) => portsFrom + 8_545 + at,
  (at: number) => portsFrom + 4_000 + 10 * at,
  (at: number) => portsFrom + 4_001 + 10 * at,
  (at: number) => portsFrom + 30_400 + at,
]

function refuse(reason: string): never {
  process.stderr.write(`${reason}; --help tells more\n`)
  process.exit(2)
}

/** Keys and manifest, where they are not there yet, and the founders. */
async function prepare() {
  await mkdir(data, { recursive: true })
  const wish = `${JSON.stringify({ validators: count, consensus, scheme })}\n`
  const isBegun = await isThere(manifestFile)
  if (isBegun) {
    const given = await readFile(wishFile, 'utf8').catch(() => 'another one\n')
    if (given !== wish) {
      refuse(`${data} holds the network ${given.trim()}: ask for that one, or give another --data`)
    }
  } else await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const seeds = []
  for (let at = 0; at < count; at += 1) {
    if (!(await isThere(keyFile(at)))) await createKeyFile(keyFile(at), password)
    seeds.push(await openKeyFile(keyFile(at), password))
  }
  const founders = foundersOf(scheme, seeds)
  if (!isBegun) {
    await writeFile(wishFile, wish)
    const manifest = testnetManifest(consensus, founders, Math.floor(Date.now() / 1_000))
    await writeFile(manifestFile, manifestToJson(manifest))
  }
  return founders
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

const peersOf = (at: number) =>
  Array.from({ length: count }, (_, other) => `127.0.0.1:${peersPort(other)}`).filter(
    (_, other) => other !== at,
  )

async function start(at: number, flags: readonly string[]): Promise<ChildProcess> {
  const log = await open(logFile(at), 'a')
  const child = spawn(
    process.execPath,
    [
      ...[path.join(import.meta.dirname, '../src/cli/main.ts'), 'start', '--genesis', manifestFile],
      ...['--data', path.join(data, `validator-${at}`)],
      ...['--rpc-port', String(rpcPort(at)), '--api-port', String(apiPort(at))],
      ...['--grpc-port', String(grpcPort(at))],
      ...['--peers-port', String(peersPort(at)), '--peers-host', '127.0.0.1'],
      ...(count > 1 ? ['--peers', peersOf(at).join(',')] : []),
      ...['--validator-key-file', keyFile(at), '--validator-password-file', passwordFile],
      ...['--validator-scheme', scheme, ...flags],
    ],
    { stdio: ['ignore', log.fd, log.fd] },
  )
  await log.close()
  child.once('exit', (code, signal) => {
    if (stopping.signal.aborted) return
    const how = code === null ? `was ended by ${signal}` : `ended with code ${code}`
    process.stderr.write(`validator ${at} ${how}; its log: ${logFile(at)}\n`)
  })
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
    const response = await fetch(`http://127.0.0.1:${rpcPort(validator)}`, {
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

const stopping = new AbortController()
const stop = () => stopping.abort()
const founders = await prepare()
const children = await Promise.all(
  founders.map((founder, at) => start(at, founderFlags(consensus, founder))),
)
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
