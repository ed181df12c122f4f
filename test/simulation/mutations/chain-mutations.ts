/** Lists breaks of whole chains: driver, guard and log, and the engines around the core (consensus.md, section 20; its numbers). */

import type { Mutation } from './core-mutations.ts'

const chain = 'src/chain'
const room = `${chain}/consensus`
const validating = `${chain}/validating`
const [turn, guard, queue] = [
  ...[`${room}/bft/turn.ts`, `${validating}/signing-guard.ts`, `${validating}/signing-queue.ts`],
] as const
const guardTests = [`${validating}/signing-guard.test.ts`]
const asertTests = [`${room}/asert.test.ts`]
const powTests = [`${room}/pow.test.ts`, `${chain}/pow-chain.test.ts`]
const finalityTests = [`${room}/hybrid/finality-rules.test.ts`]
const hybridTests = [`${chain}/hybrid-chain.test.ts`]

/** The breaks, in the order of the list. */
export const chainMutations: readonly Mutation[] = [
  {
    ...{
      id: '18',
      what: 'a lock is kept into the next height',
      file: turn,
      world: 'bft',
      tests: [],
    },
    find: 'core: newCore(ground.head.number + 1n), timers: []',
    put: 'core: { ...newCore(ground.head.number + 1n), lockedRound: Math.min(0, state.core.lockedRound), lockedValue: state.core.lockedValue }, timers: []',
  },
  {
    ...{ id: '30', what: 'a message leaves before it is on disk', file: queue },
    ...{ world: 'bft', tests: [] },
    find: 'await Promise.all([onDisk, signer.log.append(memory.height, entries)])',
    put: 'void Promise.all([onDisk, signer.log.append(memory.height, entries)])',
  },
  {
    ...{ id: '31a', what: 'the guard signs the same anew', file: guard },
    ...{ world: 'bft', tests: guardTests },
    find: '      return last\n',
    put: '      return { ...last, signature: this.#options.sign(bytes) }\n',
  },
  {
    ...{ id: '31b', what: 'after a restart nothing signed is known', world: 'bft', tests: [] },
    file: `${room}/bft/resumption.ts`,
    find: 'const messages = signedBefore(logged, rules.self)',
    put: 'const messages = signedBefore(logged, rules.self).slice(0, 0)',
  },
  {
    ...{ id: '32b', what: 'a restart forgets the polka', file: `${room}/bft-core.ts` },
    find: '  if (validPolka) state = takeCertificate(rules, state, validPolka).state\n',
    put: '  state = { ...state, validPolka: undefined }\n',
  },
  {
    ...{ id: '32c', what: 'a torn record is accepted', file: 'src/store/block-log.ts' },
    ...{ world: 'bft', tests: ['src/store/block-log.test.ts'] },
    find: 'return tail === length && checksum(payload) === view.getUint32(markBytes + 4)',
    put: 'return tail >= 0',
  },
  {
    ...{ id: '33', what: 'the guard signs two things for one place', file: guard },
    ...{ world: 'bft', tests: guardTests },
    find: 'if (last && order <= 0) throw',
    put: 'if (last && order < 0) throw',
  },
  {
    ...{ id: '39a', what: 'a set signs a height too early', file: `${room}/voted-engine.ts` },
    ...{ world: 'dpos', tests: [] },
    find: '...{ ...parent, validators, ...closed.derived, absences',
    put: '...{ ...parent, validators, ...closed.derived, ...(closed.derived.nextValidators && { validators: closed.derived.nextValidators }), absences',
  },
  {
    ...{ id: '39b', what: 'a set signs a height too late', file: `${room}/voted-engine.ts` },
    ...{ world: 'dpos', tests: [] },
    find: '...{ ...parent, validators, ...closed.derived, absences',
    put: '...{ ...parent, validators: present, ...closed.derived, absences',
  },
  {
    ...{ id: '40b', what: 'priorities advance by round', file: `${room}/bft.ts` },
    ...{ world: 'bft', tests: [] },
    find: 'priorities: advancePriorities(rotation) }',
    put: 'priorities: block.record.round > 0 ? advancePriorities({ ...rotation, priorities: advancePriorities(rotation) }) : advancePriorities(rotation) }',
  },
  {
    ...{ id: '43a', what: 'ASERT divides downwards', file: `${room}/asert.ts` },
    ...{ world: 'pow', tests: asertTests },
    find: '(late * one) / halfLife',
    put: '(late < 0n ? late * one - halfLife + 1n : late * one) / halfLife',
  },
  {
    ...{ id: '43b', what: "ASERT's anchor is off by a block", file: `${room}/asert.ts` },
    ...{ world: 'pow', tests: asertTests },
    find: 'parent.number - anchor.number + 1n',
    put: 'parent.number - anchor.number',
  },
  {
    ...{ id: '43c', what: 'ASERT goes by floating numbers', file: `${room}/asert.ts` },
    ...{ world: 'pow', tests: asertTests },
    find: 'const scaled = anchor.target *',
    put: 'const scaled = BigInt(Number(anchor.target)) *',
  },
  {
    ...{ id: '44', what: 'a seal is held against the difficulty', file: `${room}/pow.ts` },
    ...{ world: 'pow', tests: powTests },
    find: '<= place.targetAfter(parent.header)) return undefined',
    put: '<= 2n ** 256n / header.difficulty - 1n) return undefined',
  },
  {
    ...{ id: '45', what: 'work is compared by height', file: `${room}/pow.ts` },
    ...{ world: 'pow', tests: powTests },
    find: '({ totalWork = 0n }: HeadSummary, b: HeadSummary): number {\n  const other = b.totalWork ?? 0n',
    put: '({ number: totalWork }: HeadSummary, b: HeadSummary): number {\n  const other = b.number',
  },
  {
    ...{ id: '46a', what: 'fork choice ignores finality', file: `${room}/hybrid.ts` },
    ...{ world: 'hybrid', tests: hybridTests },
    find: 'if (a.finalNumber === b.finalNumber) return',
    put: 'if (a.finalNumber >= 0n) return',
  },
  {
    ...{ id: '46b', what: 'a checkpoint need be no descendant of the last' },
    ...{ file: `${room}/hybrid/finality-rules.ts`, world: 'hybrid', tests: finalityTests },
    find: 'if (number === undefined || number <= before.number) {',
    put: 'if (number === undefined) {',
  },
  {
    ...{ id: '46c', what: 'a committee changes an instance early' },
    ...{ file: `${room}/hybrid/finality-rules.ts`, world: 'pow', tests: hybridTests },
    find: '...{ validators: nextValidators, nextValidators: committeeAt(made), epoch },',
    put: '...{ validators: committeeAt(made), nextValidators: committeeAt(made), epoch },',
  },
  {
    ...{ id: '47', what: 'a reveal need not be chained', file: `${room}/randao.ts` },
    ...{ world: 'pos', tests: [`${room}/randao.test.ts`, `${chain}/pos-chain.test.ts`] },
    find: 'reveal.length !== 32 || !equalBytes(keccak256(reveal), commitment)',
    put: 'reveal.length !== 32',
  },
  {
    ...{ id: '48a', what: 'an election goes by the votes of its own round' },
    ...{ file: `${room}/dpos-close.ts`, world: 'dpos', tests: [`${chain}/dpos-chain.test.ts`] },
    find: `  { parent, block }: Ending,
): DposRound {
  const { active, standby, minStandbyWei } = parameters
  const { parentHash } = block.header
  const round = (parent.epoch?.epoch ?? 0n) + 1n
  const candidates = state.candidates.map(`,
    put: `  { parent, block, read }: Ending,
): DposRound {
  const { active, standby, minStandbyWei } = parameters
  const { parentHash } = block.header
  const round = (parent.epoch?.epoch ?? 0n) + 1n
  const candidates = sorted(readCandidates(read, 'delegates')).map(`,
  },
  {
    ...{ id: '48b', what: 'a tie is not broken by address', file: `${room}/election.ts` },
    ...{ world: 'dpos', tests: [`${room}/election.test.ts`, `${chain}/dpos-chain.test.ts`] },
    find: 'compareBytes(a.address, b.address) : a.weight',
    put: 'compareBytes(b.address, a.address) : a.weight',
  },
  {
    ...{ id: '50', what: 'what is too early is invalid', file: turn, world: 'bft', tests: [] },
    find: "if (verdict === 'not-this-block' || verdict.kind === 'too-early') return",
    put: "if (verdict === 'not-this-block') return",
  },
]
