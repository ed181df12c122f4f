/** Lets validators go through faults in turn while transfers come in, and compares their chains: `npm run test:network`. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { interrupted, interruption } from '../../src/cli/interruption.ts'
import { knownName, readOptions, wholeNumber } from '../../tools/command-options.ts'
import { startProgram } from '../e2e/program.ts'
import { Agreement } from './agreement.ts'
import { faults } from './faults.ts'
import { startFaultyNetwork } from './faulty-network.ts'
import { TransferLoad } from './transfer-load.ts'

/** Those whose blocks are voted on. */
const engines = ['bft', 'pos', 'dpos']

const usage = `usage: npm run test:network -- [--validators N] [--minutes M] [--faults A,B] [--seconds S] [--load R] [--consensus C]
  --validators N  processes, default 4; fewer than a third of them are gone at a time
  --minutes M     how long, default 5; every fault comes once at least
  --faults A,B    of ${Object.keys(faults).join(', ')}; default all, in this order, again and again
  --seconds S     how long each lasts, about, default 20
  --load R        ERC-20 transfers a second, default 100
  --consensus C   ${engines.join(', ')}; default bft`

const { values } = readOptions(usage, {
  options: {
    validators: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '5' },
    faults: { type: 'string', default: Object.keys(faults).join(',') },
    seconds: { type: 'string', default: '20' },
    load: { type: 'string', default: '100' },
    consensus: { type: 'string', default: 'bft' },
  },
})
const count = wholeNumber(values.validators, '--validators', 4)
const minutes = wholeNumber(values.minutes, '--minutes', 1)
const seconds = wholeNumber(values.seconds, '--seconds', 4)
const perSecond = wholeNumber(values.load, '--load', 1)
const consensus = knownName(values.consensus, engines)
const wanted = values.faults.split(',').map((name) => knownName(name, Object.keys(faults)))

const endings: (() => Promise<void>)[] = []
const folder = await mkdtemp(path.join(tmpdir(), 'qs-network-'))
const ending = { after: (run: () => Promise<void>) => void endings.unshift(run) }
const began = Date.now()
let [passed, failed] = [0, 0]

function say(line: string): void {
  const at = ((Date.now() - began) / 1_000).toFixed(0).padStart(5)
  process.stdout.write(`${at} s  ${line}\n`)
}

const signal = interruption(() => say('interrupted: ending'))

async function phase(name: string, work: () => Promise<string>): Promise<void> {
  try {
    say(`${name}: ${await work()}`)
    passed += 1
  } catch (error) {
    if (signal.aborted) return
    failed += 1
    say(`${name} FAILED: ${error instanceof Error ? error.stack : error}`)
  }
}

async function verified(data: string): Promise<void> {
  const verify = startProgram(['chain', 'verify', '--data', data])
  const [code] = await verify.exited
  if (code !== 0) throw new Error(verify.output())
}

async function run(): Promise<void> {
  const network = await startFaultyNetwork(ending, {
    ...{ folder, count, consensus, diskMebibytes: 1_024 },
  })
  const { validators } = network
  const agreement = new Agreement(validators)
  const load = await TransferLoad.open(validators.urls)
  load.start({ perSecond })
  const isOver = () => signal.aborted || failed > 0 || Date.now() - began > minutes * 60_000
  for (let at = 0; at < wanted.length || !isOver(); at += 1) {
    const name = wanted[at % wanted.length] ?? ''
    await phase(name, async () => {
      const told = await faults[name]?.(network, seconds)
      await agreement.compare()
      agreement.nobodyLied()
      return `${told}; equal up to block ${agreement.compared}, ${load.sent.size} transfers sent`
    })
    if (failed > 0 || signal.aborted) break
  }
  await phase('end', async () => {
    await load.settle()
    await agreement.compare()
    agreement.hasAll(load.sent.keys())
    agreement.nobodyLied()
    for (const at of validators.all) await validators.stop(at)
    for (const at of validators.all) await verified(validators.data(at))
    return `${count} chains of ${agreement.compared} blocks equal and verified; each of ${load.sent.size} transfers in one block, ${load.again} given again, ${load.later} times a node had no room`
  })
  if (failed > 0) {
    for (const at of validators.all) say(`validator ${at}: ${validators.output(at).slice(-4_000)}`)
  }
}

// A terminal interrupts the validators, too: what they are waited for does not come.
const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
try {
  await Promise.race([run(), ended])
} catch (error) {
  if (!signal.aborted) throw error
} finally {
  for (const end of endings) await end()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
if (signal.aborted) process.exit(interrupted)
process.exit(failed === 0 ? 0 : 1)
