/** Checks the fuzzer itself: it draws the same again, finds a planted fault, makes it small and keeps it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, reduce } from './check.ts'
import { assemble, type Piece } from './code.ts'
import { createOracle } from './oracle.ts'
import type { Outcome } from './outcome.ts'
import { type Scenario, scenarioOf } from './scenario.ts'
import { describeScenario, readScenario, writeScenario } from './scenario-json.ts'

test('a seed and a number always give the same scenario, and others give others', () => {
  assert.equal(writeScenario(scenarioOf(3, 14)), writeScenario(scenarioOf(3, 14)))
  const texts = [scenarioOf(3, 14), scenarioOf(3, 15), scenarioOf(4, 14)].map(writeScenario)
  assert.equal(new Set(texts).size, 3)
})

test('a scenario comes back from its text with the same code', () => {
  const text = writeScenario(scenarioOf(3, 14))
  assert.equal(writeScenario(readScenario(text)), text)
})

test('targets within pieces are found, and their pushes point at them', () => {
  const pieces: readonly Piece[] = [[0x58, { push: 1 }, 0x56, { body: [[0x00]] }, { target: 1 }]]
  assert.equal(assemble(pieces).toHex(), '58610006' + '56005b')
})

test('a machine that is right passes, one that adds wrongly is found, down to the addition', async () => {
  const oracle = createOracle()
  assert.equal((await check(scenarioOf(1, 2), { oracle, subject: oracle })).kind, 'equal')
  const machines = { oracle, subject: { run: (scenario: Scenario) => wrongAt(0x01, scenario) } }
  /** One more of gas when the opcode is anywhere in the code that the first transaction calls. */
  async function wrongAt(opcode: number, scenario: Scenario): Promise<Outcome> {
    const outcome = await oracle.run(scenario)
    const called = scenario.transactions[0]?.transaction.to?.toHex()
    const account = scenario.accounts.find(({ address }) => address.toHex() === called)
    const isWrong = account?.pieces.some((piece) => piece.includes(opcode))
    return isWrong ? new Map([...outcome, ['transaction 0: gas', '1']]) : outcome
  }
  let found: Scenario | undefined
  for (let at = 0; !found && at < 50; at += 1) {
    const scenario = scenarioOf(1, at)
    if ((await check(scenario, machines)).kind === 'different') found = scenario
  }
  assert.ok(found)
  const smallest = await reduce(found, machines, 1_000)
  const pieces = smallest.accounts.flatMap((account) => account.pieces)
  assert.equal(smallest.transactions.length, 1)
  assert.ok(pieces.length <= 3, describeScenario(smallest))
})
