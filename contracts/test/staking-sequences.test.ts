/** Does hundreds of random things to a staking contract, and checks after each what must always hold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, BaseError, toHex } from 'viem'
import { ether, keyOf } from './born-contract.ts'
import { bornStaking, parameters } from './born-staking.ts'
import { randomNumbers } from './random-numbers.ts'

const [active, exiting, slashed] = [1, 2, 3]
const accountCount = 6
const keyCount = 14
const lower = (text: string) => text.toLowerCase()
const validator = (number: number) => lower(keyOf(number).validator) as Address

type Staking = Awaited<ReturnType<typeof bornStaking>>

/** All that accounts and the contract have, read anew. */
async function snapshot(staking: Staking) {
  const numbers = Array.from({ length: keyCount }, (_, number) => number)
  const entries = await Promise.all(numbers.map((number) => staking.entry(validator(number))))
  const holdings = await Promise.all(
    numbers.map((number) =>
      Promise.all(
        Array.from({ length: accountCount }, (_, at) => staking.holding(validator(number), at)),
      ),
    ),
  )
  const claimable = await Promise.all(
    Array.from({ length: accountCount }, (_, at) => staking.claimable(at)),
  )
  return { entries, holdings, claimable, candidates: await staking.candidates() }
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>

const sum = (numbers: readonly bigint[]) => numbers.reduce((all, one) => all + one, 0n)

async function checkInvariants(staking: Staking, now: Snapshot): Promise<void> {
  const { entries, holdings, claimable, candidates } = now
  const pools = entries.map(({ stake, unbonding }) => stake.amount + unbonding.amount)
  const held = await staking.read<bigint>('held')
  assert.equal(held, await staking.balance(), 'every wei belongs to somebody')
  assert.equal(held, sum(pools) + sum(claimable), 'what is held is staked, leaving or claimable')
  entries.forEach(({ stake, unbonding, status }, number) => {
    const own = holdings[number] ?? []
    assert.equal(stake.shares, sum(own.map(({ shares }) => shares)))
    assert.equal(unbonding.shares, sum(own.map((one) => one.unbonding)))
    assert.ok(sum(own.map(({ stakeWei }) => stakeWei)) <= stake.amount)
    if (status === active) assert.ok(stake.amount >= parameters.minStakeWei)
  })
  const listed = candidates.map((one) => [lower(one.validator), one.weight] as const)
  const expected = entries.flatMap(({ stake, status }, number) =>
    status === active ? [[validator(number), stake.amount / 10n ** 9n] as const] : [],
  )
  assert.ok(listed.length <= parameters.maxCandidates)
  assert.deepEqual(listed.toSorted(), expected.toSorted(), 'candidates are those that are active')
}

/** A status is for ever, but that the active leave and those who leave are slashed. */
function checkPassage(before: Snapshot, after: Snapshot): void {
  after.entries.forEach(({ status, owner }, number) => {
    const was = before.entries[number]
    assert.ok(status >= (was?.status ?? 0), 'no validator comes back')
    if (was && was.status > 0) assert.equal(owner, was.owner, 'a key stays its first owner’s')
  })
}

async function slash(staking: Staking, number: number, before: Snapshot): Promise<void> {
  await staking.bySystem('slash', validator(number), 1, 1n, staking.account(0))
  const was = before.entries[number]
  const is = await staking.entry(validator(number))
  if (!was || (was.status !== active && was.status !== exiting)) {
    assert.deepEqual(is, was)
    return
  }
  const had = was.stake.amount + was.unbonding.amount
  const lost = had - is.stake.amount - is.unbonding.amount
  assert.equal(is.status, slashed)
  assert.ok(lost >= had / 20n - 2n && lost <= had, 'between the base and the whole')
}

/** Books a reward of two validators; what cannot be booked goes away again. */
async function reward(staking: Staking, validators: readonly Address[], wei: bigint) {
  const before = await staking.read<bigint>('held')
  await staking.credit(wei)
  await staking.bySystem('reward', validators, [wei / 2n, wei])
  const booked = (await staking.read<bigint>('held')) - before
  assert.ok(booked <= wei)
  await staking.credit(booked - wei)
}

/** Withdraws, and checks that what came is what was due, and that nothing is due before its time. */
async function withdraw(staking: Staking, number: number, at: number, before: Snapshot) {
  const entry = before.entries[number]
  const own = before.holdings[number]?.[at]
  assert.ok(entry && own)
  // A call is asked in the block that is there; the transaction comes one later.
  const { number: height, timestamp } = await staking.reader.getBlock()
  const isOver = ({ clockBlock, clockTime }: { clockBlock: number; clockTime: number }) =>
    Number(height) >= clockBlock + parameters.unbondingBlocks &&
    Number(timestamp) >= clockTime + parameters.unbondingSeconds
  const due =
    (isOver(own) ? own.unbondingWei : 0n) +
    (entry.status >= exiting && isOver(entry) ? own.stakeWei : 0n)
  const held = await staking.read<bigint>('held')
  const isPaid = await staking.withdraw(at, validator(number)).then(() => true, isRevert)
  assert.equal(isPaid, due > 0n)
  assert.equal(held - (await staking.read<bigint>('held')), due)
}

function isRevert(error: unknown): false {
  assert.ok(error instanceof BaseError, String(error))
  return false
}

for (const seed of [1, 2]) {
  test(`stake is conserved and rules hold over 250 random steps, seed ${seed}`, async (t) => {
    const random = randomNumbers(seed)
    const staking = await bornStaking([40n * ether, 30n * ether])
    t.after(staking.close)
    let epoch = 0n
    let before = await snapshot(staking)
    for (let step = 0; step < 250; step += 1) {
      const [number, at] = [random(keyCount), random(accountCount)]
      const key = validator(number)
      const wei = BigInt(random(60)) * ether + BigInt(random(1_000))
      const { shares = 0n } = before.holdings[number]?.[at] ?? {}
      const steps: (() => Promise<unknown>)[] = [
        () => staking.deposit(at, keyOf(number), wei).catch(isRevert),
        () => staking.addStake(at, key, wei).catch(isRevert),
        () => staking.removeStake(at, key, (shares * BigInt(random(12))) / 10n).catch(isRevert),
        () => withdraw(staking, number, at, before),
        () => withdraw(staking, number, at, before),
        () => staking.wait(random(600), 1 + random(10)),
        () => reward(staking, [key, validator(0)], wei),
        async () => {
          if (random(2) === 0) await slash(staking, number, before)
        },
        async () => {
          const owner = before.entries[number]?.owner
          const isOwner = owner && lower(owner) === lower(staking.account(at))
          if (isOwner || random(4) === 0)
            await staking.write(staking.account(at), 'requestExit', [key]).catch(isRevert)
        },
        () => {
          epoch += 1n
          const members = [validator(random(keyCount)), validator(random(keyCount))]
          return staking.bySystem('closeEpoch', epoch, toHex(0, { size: 32 }), 10n ** 11n, members)
        },
        () => staking.write(staking.account(at), 'claim', [staking.account(at)]).catch(isRevert),
      ]
      await steps[random(steps.length)]?.()
      await staking.bySystem('admit', BigInt(random(4)))
      const after = await snapshot(staking)
      await checkInvariants(staking, after)
      checkPassage(before, after)
      before = after
    }
    const statuses = new Set(before.entries.map(({ status }) => status))
    assert.ok(statuses.has(slashed) && statuses.has(exiting), 'the walk got about')
  })
}
