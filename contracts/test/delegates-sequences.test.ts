/** Does hundreds of random things to a delegates contract, and checks after each what must always hold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, BaseError } from 'viem'
import { ether, keyOf } from './born-contract.ts'
import { bornDelegates, nameOf, parameters } from './born-delegates.ts'
import { randomNumbers } from './random-numbers.ts'

const accountCount = 6
const keyCount = 8
const lower = (text: string) => text.toLowerCase()
const delegate = (number: number) => lower(keyOf(number).validator) as Address
const sum = (numbers: readonly bigint[]) => numbers.reduce((all, one) => all + one, 0n)

type Delegates = Awaited<ReturnType<typeof bornDelegates>>

async function snapshot(delegates: Delegates) {
  const numbers = Array.from({ length: keyCount }, (_, number) => number)
  const accounts = Array.from({ length: accountCount }, (_, at) => at)
  return {
    entries: await Promise.all(numbers.map((number) => delegates.entry(delegate(number)))),
    votes: await Promise.all(
      numbers.map((number) =>
        Promise.all(accounts.map((at) => delegates.voteOf(delegate(number), at))),
      ),
    ),
    claimable: await Promise.all(accounts.map(delegates.claimable)),
    candidates: await delegates.candidates(),
  }
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>

/** min(ten times its own, all votes) in gwei; none while suspended. */
function weightOf({ own, votes, isSuspended }: Snapshot['entries'][number]): bigint {
  if (isSuspended) return 0n
  const all = own + votes.amount
  return (all < 10n * own ? all : 10n * own) / 10n ** 9n
}

async function checkInvariants(delegates: Delegates, now: Snapshot): Promise<void> {
  const { entries, votes, claimable, candidates } = now
  const held = await delegates.read<bigint>('held')
  assert.equal(held, await delegates.balance(), 'every wei belongs to somebody')
  const locked = entries.map((one) => one.own + one.ownUnlocking + one.votes.amount)
  const unlocking = votes.flat().map((one) => one.unlocking)
  assert.equal(held, sum(locked) + sum(unlocking) + sum(claimable))
  entries.forEach(({ votes: pool }, number) => {
    assert.equal(pool.shares, sum((votes[number] ?? []).map(({ shares }) => shares)))
  })
  assert.ok(candidates.length <= parameters.maxCandidates)
  const listed = new Map(candidates.map((one) => [lower(one.validator), one.weight]))
  assert.equal(listed.size, candidates.length, 'nobody is a candidate twice')
  entries.forEach((entry, number) => {
    const weight = listed.get(delegate(number))
    if (weight !== undefined) assert.equal(weight, weightOf(entry))
  })
  assert.ok([...listed.values()].every((weight) => weight > 0n))
  const counts = await Promise.all(
    Array.from({ length: accountCount }, (_, at) =>
      delegates.read<bigint>('voteCount', delegates.account(at)),
    ),
  )
  counts.forEach((count, at) => {
    const ownVotes = entries.filter(
      (entry) => lower(entry.owner) === lower(delegates.account(at)) && entry.own > 0n,
    )
    const given = votes.filter((one) => (one[at]?.shares ?? 0n) > 0n)
    assert.equal(count, BigInt(ownVotes.length + given.length))
  })
}

/** Withdraws, and checks that what came is what was due, and that nothing is due before its time. */
async function withdraw(delegates: Delegates, number: number, at: number, before: Snapshot) {
  const entry = before.entries[number]
  const own = before.votes[number]?.[at]
  assert.ok(entry && own)
  const { number: height, timestamp } = await delegates.reader.getBlock()
  const now = Number(timestamp)
  const isOwner = lower(entry.owner) === lower(delegates.account(at))
  const isOver =
    Number(height) >= entry.ownClockBlock + parameters.ownUnlockBlocks &&
    now >= entry.ownClockTime + parameters.ownUnlockSeconds
  const isFree = now >= own.unlockTime && now >= entry.heldUntil
  const due = (isFree ? own.unlocking : 0n) + (isOwner && isOver ? entry.ownUnlocking : 0n)
  const held = await delegates.read<bigint>('held')
  const isPaid = await delegates.withdraw(at, delegate(number)).then(() => true, isRevert)
  assert.equal(isPaid, due > 0n)
  assert.equal(held - (await delegates.read<bigint>('held')), due)
}

async function slash(delegates: Delegates, number: number, before: Snapshot): Promise<void> {
  const height = await delegates.reader.getBlockNumber()
  await delegates.bySystem('slash', delegate(number), 1, height, delegates.account(0))
  const was = before.entries[number]
  const is = await delegates.entry(delegate(number))
  assert.ok(was)
  assert.ok(is.faults - was.faults <= 1 && is.faults <= 3)
  assert.deepEqual(is.votes, was.votes, 'voters lose nothing')
  const lost = was.own + was.ownUnlocking - is.own - is.ownUnlocking
  assert.ok(lost <= (was.own + was.ownUnlocking) / 10n)
  if (is.faults === was.faults) assert.deepEqual(is, was)
}

async function reward(delegates: Delegates, to: readonly Address[], wei: bigint) {
  const before = await delegates.read<bigint>('held')
  await delegates.credit(wei)
  await delegates.bySystem('reward', to, [wei / 2n, wei])
  const booked = (await delegates.read<bigint>('held')) - before
  assert.ok(booked <= wei)
  await delegates.credit(booked - wei)
}

function isRevert(error: unknown): false {
  assert.ok(error instanceof BaseError, String(error))
  return false
}

for (const seed of [1, 2]) {
  test(`votes are conserved and rules hold over 250 random steps, seed ${seed}`, async (t) => {
    const random = randomNumbers(seed)
    const delegates = await bornDelegates([40n * ether, 30n * ether])
    t.after(delegates.close)
    let before = await snapshot(delegates)
    for (let step = 0; step < 250; step += 1) {
      const [number, at] = [random(keyCount), random(accountCount)]
      const key = delegate(number)
      const wei = BigInt(random(60)) * ether + BigInt(random(1_000))
      const { shares = 0n } = before.votes[number]?.[at] ?? {}
      const isOwner = before.entries[number]?.owner.toLowerCase() === lower(delegates.account(at))
      const whole = isOwner ? (before.entries[number]?.own ?? 0n) : shares
      const steps: (() => Promise<unknown>)[] = [
        () => delegates.register(at, keyOf(number), nameOf(random(20))).catch(isRevert),
        () => delegates.vote(at, key, wei).catch(isRevert),
        () => delegates.vote(random(2), key, wei).catch(isRevert),
        () => delegates.unvote(at, key, (whole * BigInt(random(12))) / 10n).catch(isRevert),
        () => withdraw(delegates, number, at, before),
        () => withdraw(delegates, number, at, before),
        () => delegates.wait(random(1_000), 1 + random(10)),
        () => reward(delegates, [key, delegate(0)], wei),
        async () => {
          if (random(2) === 0) await slash(delegates, number, before)
        },
        () => delegates.write(delegates.account(at), 'resume', [key]).catch(isRevert),
        () =>
          delegates.write(delegates.account(at), 'claim', [delegates.account(at)]).catch(isRevert),
      ]
      await steps[random(steps.length)]?.()
      await delegates.bySystem('admit', BigInt(random(4)))
      before = await snapshot(delegates)
      await checkInvariants(delegates, before)
    }
    assert.ok(
      before.entries.some(({ faults }) => faults > 0),
      'the walk got about',
    )
  })
}
