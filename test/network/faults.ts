/** Does to a network of validators what happens to networks: each fault says what it did, and throws when they did not stand it. */

import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { toHex } from '../../src/base/bytes.ts'
import { validatorSet } from '../../src/chain/consensus/validator-set.ts'
import { keyAddress, signingKey } from '../../src/crypto/signatures.ts'
import { eventually } from '../e2e/program.ts'
import type { Validators } from '../e2e/validator-nodes.ts'
import { type GarbageTarget, sendGarbage } from './garbage-peer.ts'
import type { LinkMesh } from './link-mesh.ts'
import type { SmallDisk } from './small-disk.ts'

/** A network that runs. */
export interface FaultyNetwork {
  readonly folder: string
  readonly validators: Validators
  readonly mesh: LinkMesh
  /** Where number 0's data lie, if the machine allows a test to have it. */
  readonly disk: SmallDisk | undefined
}

type Fault = (network: FaultyNetwork, seconds: number) => Promise<string>

let turn = 0

/** Number of the validator that has its turn to suffer; 0 has the small disk. */
function nextVictim({ validators: { all } }: FaultyNetwork): number {
  turn += 1
  return turn % all.length
}

/** The most that may be gone. */
const mostGone = ({ validators: { all } }: FaultyNetwork) => Math.floor((all.length - 1) / 3)

/** SIGKILL of as many as may be gone, or fewer, in turn. */
const kill: Fault = async (network, seconds) => {
  const { validators } = network
  const { kill, restart, height, grown, all } = validators
  let kills = 0
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
    const size = 1 + (kills % mostGone(network))
    const victims = Array.from({ length: size }, () => nextVictim(network))
    for (const at of new Set(victims)) {
      await kill(at)
      kills += 1
    }
    const other = all.find((at) => !victims.includes(at)) ?? 0
    await grown(other, (await height(other)) + 2)
    await pause(Math.random() * 2_000)
    await Promise.all([...new Set(victims)].map(restart))
    await grown(victims[0] ?? 0, await height(other))
  }
  return `${kills} kills`
}

/** Links that delay by 5 to 60 ms, are cut, and stall for a second. */
const proxy: Fault = async ({ validators: { height }, mesh }, seconds) => {
  const before = await height(1)
  const weather = { delayMs: 5, jitterMs: 55, isStalled: false }
  mesh.setWeather(weather)
  let [cuts, stalls] = [0, 0]
  const began = performance.now()
  try {
    while (performance.now() - began < seconds * 1_000) {
      await pause(500 + Math.random() * 1_000)
      const link = mesh.oneInUse()
      if (link === undefined) continue
      if (Math.random() < 0.5) {
        link.cut()
        cuts += 1
      } else {
        link.weather = { ...weather, isStalled: true }
        stalls += 1
        setTimeout(() => {
          link.weather = weather
        }, 1_000).unref()
      }
    }
    await pause(1_000)
  } finally {
    mesh.heal()
  }
  const grown = (await height(1)) - before
  assert.ok(grown > 0, `no block in ${seconds} s of bad links`)
  return `links of 5–60 ms: ${cuts} cut, ${stalls} stalled; ${grown} blocks`
}

/** Parts the network so that no side can decide, and then so that one can. */
const partition: Fault = async (network, seconds) => {
  const { validators, mesh } = network
  const { all, height, grown } = validators
  const heights = () => Promise.all(all.map(height))
  const half = all.length / 2
  try {
    mesh.part([all.filter((at) => at < half), all.filter((at) => at >= half)])
    await pause(1_500)
    const before = await heights()
    await pause((seconds / 2) * 1_000)
    assert.deepEqual(await heights(), before, 'a side without a quorum has decided')
    mesh.heal()
    const highest = Math.max(...before)
    await Promise.all(all.map((at) => grown(at, highest + 2)))
    const few = all.slice(0, mostGone(network))
    const many = all.slice(few.length)
    mesh.part([few, many])
    await pause(1_500)
    const alone = await height(0)
    const start = await height(many[0] ?? 0)
    await pause((seconds / 2) * 1_000)
    assert.equal(await height(0), alone, 'a side without a quorum has decided')
    const made = (await grown(many[0] ?? 0, start + 2)) - start
    mesh.heal()
    await Promise.all(all.map((at) => grown(at, start + made + 1)))
    const [a, b] = [Math.ceil(half), Math.floor(half)]
    return `${a}|${b} none decided; ${few.length}|${many.length} ${made} blocks on the greater side; healed twice`
  } finally {
    mesh.heal()
  }
}

/** A validator comes back with a copy of its data folder from earlier; what it has signed lies beside its key. */
const yesterday: Fault = async (network, seconds) => {
  const { validators, folder } = network
  const { kill, stop, restart, height, grown, data, all } = validators
  const victim = 1 + (nextVictim(network) % (all.length - 1))
  const copy = path.join(folder, 'yesterday')
  await stop(victim)
  await rm(copy, { recursive: true, force: true })
  await cp(data(victim), copy, { recursive: true })
  await restart(victim)
  const old = await height(victim)
  await grown(victim, old + 3)
  await pause((seconds / 2) * 1_000)
  await kill(victim)
  const lost = await height(0)
  await rm(data(victim), { recursive: true })
  await cp(copy, data(victim), { recursive: true })
  await restart(victim)
  await grown(victim, lost + 2)
  await proposes(network, victim)
  return `validator ${victim} went back from block ${lost} to ${old}, caught up and proposes again`
}

/** Fills a validator's disk, and gives it back. */
const disk: Fault = async (network, seconds) => {
  const { validators, disk: small } = network
  if (small === undefined) return 'left out: this machine lets no test mount a file system'
  const { node, stop, restart, height, grown, output } = validators
  const before = output(0).length
  await small.fill()
  const start = await height(1)
  await pause((seconds / 2) * 1_000)
  await grown(1, start + 2)
  const made = (await height(1)) - start
  const told = await eventually(async () => {
    const lines = output(0).slice(before)
    return /could not be written|ENOSPC|no space/i.test(lines) ? lines : undefined
  })
  const hasEnded = node(0).program.child.exitCode !== null
  if (!hasEnded) {
    await small.free()
    await stop(0)
  }
  await small.free()
  await restart(0)
  await grown(0, start + made)
  await proposes(network, 0)
  assert.match(told, /free space|ENOSPC|no space/i)
  return `validator 0 ${hasEnded ? 'stopped' : 'stood still'} with a full disk while the others made ${made} blocks; with space it proposes again`
}

/** A stranger sends garbage to a validator, and the network goes on. */
const garbage: Fault = async ({ validators }, seconds) => {
  const { founders, chainKey, height, ports } = validators
  const members = founders.map(({ scheme, publicKey, owner }) => {
    return {
      scheme,
      publicKey,
      weight: 1n,
      payTo: owner,
      address: keyAddress({ scheme, publicKey }),
    }
  })
  const set = validatorSet(members)
  const [one] = founders
  if (one === undefined) throw new Error('there is no validator')
  const key = signingKey(one.scheme, one.seed)
  const target: GarbageTarget = {
    ...{ port: ports[1] ?? 0, chainKey, setHash: set.hash, key },
    validatorIndex: set.list.findIndex(({ payTo }) => toHex(payTo) === toHex(one.owner)),
    height: () => height(1),
  }
  const before = await height(1)
  const counts = await sendGarbage(target, seconds)
  const grown = (await height(1)) - before
  assert.ok(grown > 0, `no block in ${seconds} s of garbage`)
  assert.ok(
    Object.values(counts).every((count) => count > 0),
    JSON.stringify(counts),
  )
  const told = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return `${told.join(', ')}; ${grown} blocks`
}

/** Waits until a validator has proposed a block that was decided. */
async function proposes({ validators }: FaultyNetwork, at: number): Promise<void> {
  const { blockAt, founders, height } = validators
  const start = await height(1)
  const payee = toHex(founders[at]?.owner ?? new Uint8Array())
  await eventually(async () => {
    const top = await height(1)
    for (let number = start; number <= top; number += 1) {
      if ((await blockAt(1, `0x${number.toString(16)}`))?.miner === payee) return true
    }
    return undefined
  }, 90_000)
}

/** All of them, by name. */
export const faults: Readonly<Record<string, Fault>> = {
  ...{ kill, proxy, partition, yesterday, disk, garbage },
}
