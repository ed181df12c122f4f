/** Lists breaks of the core's rules, each a changed line, and what finds it (consensus.md, section 20; its numbers). */

import type { WorldName } from '../worlds.ts'

/** What can find a break: the traces, the unit tests of the room, the simulator. */
export type Finder = 'traces' | 'unit' | 'simulator'

/** One break. */
export interface Mutation {
  /** The number in the list, with a letter where a row of it is several breaks. */
  readonly id: string
  readonly what: string
  readonly file: string
  /** Text that stands once in the file, and what takes its place. */
  readonly find: string
  readonly put: string
  /** The world whose runs are to find it, and the unit tests; those of the core unless given. */
  readonly world?: WorldName
  readonly tests?: readonly string[]
}

const room = 'src/chain/consensus'
const [rules, tally, rounds, core] = [
  ...[`${room}/bft/rules.ts`, `${room}/bft/tally.ts`, `${room}/bft/rounds.ts`],
  `${room}/bft-core.ts`,
] as const

/** The breaks, in the order of the list. */
export const mutations: readonly Mutation[] = [
  {
    id: '1',
    what: 'two thirds are a quorum',
    file: `${room}/validator-set.ts`,
    find: '3n * weight > 2n * total',
    put: '3n * weight >= 2n * total',
  },
  {
    id: '2',
    what: 'heads are counted, not weights',
    file: tally,
    find: 'return list[validatorIndex]?.weight ?? 0n',
    put: 'return list.reduce((sum, { weight }) => sum + weight, 0n) / BigInt(list.length)',
  },
  {
    id: '3a',
    what: 'a third makes a node skip',
    file: `${room}/validator-set.ts`,
    find: '3n * weight > total',
    put: '3n * weight >= total',
  },
  {
    id: '3b',
    what: 'one validator makes a node skip',
    file: rules,
    find: 'isOverThird(weight, total)',
    put: 'weight > 0n',
  },
  {
    id: '4',
    what: 'a second vote is counted, too',
    file: tally,
    find: 'if (first !== undefined) return',
    put: 'if (first !== undefined && isFor(first, vote)) return',
  },
  {
    id: '5',
    what: 'a later vote takes the place of the first',
    file: tally,
    find: 'if (first !== undefined) return conflicted(heard, [vote])',
    put: 'if (first !== undefined) { const at = vote.validatorIndex; const own = weightOf(set, vote); const choices = before.choices.map((one) => (one.votes[at] ? { ...one, votes: one.votes.with(at, undefined), weight: one.weight - own } : one)); return countVote(withVotes(heard, vote.type, { ...before, votes: before.votes.with(at, undefined), weight: before.weight - own, choices }), vote, set) }',
  },
  {
    id: '6',
    what: 'votes of a certificate count one by one',
    file: core,
    find: "if (type === 'skip') {",
    put: 'if (type) {',
  },
  {
    id: '7a',
    what: 'one signature of a certificate is not checked',
    file: `${room}/certificate.ts`,
    find: 'votes.find((vote) =>',
    put: 'votes.slice(1).find((vote) =>',
  },
  {
    id: '7b',
    what: 'spare bits are accepted',
    file: `${room}/bit-map.ts`,
    find: 'if (index >= count) return undefined',
    put: 'if (index >= count) continue',
  },
  {
    id: '8',
    what: 'R4 ignores the lock',
    file: rules,
    find: 'return lockedRound === -1 || isLocked(state, value) ?',
    put: 'return lockedRound >= -1 ?',
  },
  {
    id: '9',
    what: 'R5 wants a polka after the lock',
    file: rules,
    find: 'lockedRound <= validRound',
    put: 'lockedRound < validRound',
  },
  {
    id: '10',
    what: 'R5 takes a polka of any round',
    file: rules,
    find: '!hasPolka(state, validRound, value)',
    put: '!state.tallies.some(({ round: of }) => hasPolka(state, of, value))',
  },
  {
    id: '11',
    what: 'R5 takes a valid round that is not before the round',
    file: rules,
    find: 'if (validRound >= round || ',
    put: 'if (',
  },
  {
    id: '12',
    what: 'R6 fires in step propose',
    file: rules,
    find: "if (state.step !== 'prevote') return undefined",
    put: "if (state.step !== 'prevote' && state.step !== 'propose') return undefined",
  },
  {
    id: '13',
    what: 'R6 sets no valid value',
    file: rules,
    find: 'withValid(rules, locked, polka)',
    put: '{ ...locked, done: { ...locked.done, hasValid: true } }',
  },
  { id: '14', what: 'R7 is missing', file: rules, find: '  rememberValid,\n', put: '' },
  {
    id: '15',
    what: 'R7 moves the lock',
    file: rules,
    find: 'withValid(rules, state, polka), effects',
    put: 'withValid(rules, { ...state, lockedValue: polka.value, lockedRound: state.round }, polka), effects',
  },
  {
    id: '16',
    what: 'a valid value is not proposed again',
    file: rounds,
    find: 'const { validValue: value, validRound, validPolka: polka } = state',
    put: 'const { value, validRound, validPolka: polka } = { ...state, value: undefined }',
  },
  {
    id: '17',
    what: 'a new round forgets the lock',
    file: rounds,
    find: "{ ...state, round, step: 'propose', done: nothingDone }",
    put: "{ ...state, round, step: 'propose', done: nothingDone, lockedRound: -1, lockedValue: undefined }",
  },
  {
    id: '19',
    what: 'R1 decides in the own round only',
    file: rules,
    find: 'const { round } = tally\n',
    put: 'const { round } = tally\n      if (round !== state.round) continue\n',
  },
  {
    id: '20',
    what: 'R1 takes prevotes as precommits',
    file: rules,
    find: 'of tally.precommits.choices) {',
    put: 'of [...tally.prevotes.choices, ...tally.precommits.choices]) {',
  },
  {
    id: '21',
    what: 'R1 decides what was not checked',
    file: rules,
    find: 'if (!isHere(state, round, choice)) continue',
    put: '',
  },
  {
    id: '22',
    what: 'nil counts for a value',
    file: tally,
    find: 'return choice.value === vote.value',
    put: 'return true',
  },
  {
    id: '23',
    what: 'timers start again at each input',
    file: core,
    find: 'return then(taken, (next) => settled(rules, next))',
    put: 'return then(taken, (next) => settled(rules, { ...next, done: { ...next.done, isPrevoteTimed: false, isPrecommitTimed: false } }))',
  },
  {
    id: '24',
    what: 'R10 wants step precommit',
    file: rules,
    find: 'if (state.done.isPrecommitTimed) return undefined',
    put: "if (state.step !== 'precommit' || state.done.isPrecommitTimed) return undefined",
  },
  {
    id: '25',
    what: 'a timer of an older round acts',
    file: core,
    find: 'timer.height !== state.height || timer.round !== state.round',
    put: 'timer.height !== state.height',
  },
  { id: '26', what: 'no round is skipped', file: rules, find: '  skipToRound,\n', put: '' },
  {
    id: '27',
    what: 'waits do not grow',
    file: `${room}/timeouts.ts`,
    find: 'base[kind] + deltas * delta[kind]',
    put: 'base[kind]',
  },
  {
    id: '28',
    what: 'a proposal counts from anybody',
    file: core,
    find: 'if (rules.proposerOf(round) !== validatorIndex) return rest(state)',
    put: '',
  },
  {
    id: '29',
    what: 'after a skip the proposer of the next round is asked for',
    file: rounds,
    find: 'rules.proposerOf(round) === rules.self',
    put: 'rules.proposerOf(state.round + 1) === rules.self',
  },
  {
    id: '32',
    what: 'a restart forgets the lock that a vote tells of',
    file: core,
    find: 'return isLock ?',
    put: 'return isLock && false ?',
  },
  {
    id: '34',
    what: 'evidence compares signatures',
    file: `${room}/evidence.ts`,
    find: 'compareBytes(voteSignBytes(one, noPlace), voteSignBytes(other, noPlace))',
    put: 'compareBytes(one.signature, other.signature)',
  },
  {
    id: '35',
    what: 'evidence is of different rounds',
    file: `${room}/evidence.ts`,
    find: ' &&\n    one.round === other.round',
    put: '',
  },
  {
    id: '36',
    what: 'a fault is reported again',
    file: tally,
    find: 'if (counted.equivocators.includes(vote.validatorIndex)) return []',
    put: '',
  },
  {
    id: '37',
    what: 'votes are signed without the chain',
    file: `${room}/sign-bytes.ts`,
    find: '.bytes(voteTag, 12)\n    .bytes(place.chainKey, 32)',
    put: '.bytes(voteTag, 12)\n    .bytes(nil, 32)',
  },
  {
    id: '38a',
    what: 'prevotes are signed without their valid round',
    file: `${room}/sign-bytes.ts`,
    find: 'names ? vote.validRound + 1 : 0',
    put: '0',
  },
  {
    id: '38b',
    what: 'a polka mixes valid rounds',
    file: tally,
    find: 'if (choice.validRound !== vote.validRound) return false',
    put: '',
  },
  {
    ...{ id: '38c', what: 'a polka of before a commit shows a broken lock', world: 'overrun' },
    ...{ file: `${room}/forensics.ts`, tests: [] },
    find: '      round > commit.round &&\n',
    put: '',
  },
  {
    id: '40',
    what: 'priorities are floating numbers',
    file: `${room}/proposer.ts`,
    find: 'return priority + weight',
    put: 'return BigInt(Number(priority) + Number(weight))',
  },
  {
    id: '41a',
    what: 'who made the block has missed its turn',
    file: `${room}/absence.ts`,
    find: "known.delete(validators.list[proposer]?.address.toHex() ?? '')",
    put: '',
  },
  {
    id: '41b',
    what: 'nobody may propose when all are absent',
    file: `${room}/absence.ts`,
    find: 'isAbsent.includes(false) ?',
    put: 'isAbsent.length > 0 ?',
  },
  {
    id: '42a',
    what: 'nobody is answered',
    file: `${room}/round-state.ts`,
    find: 'theirs.height !== state.height || theirs',
    put: 'theirs.height >= 0n || theirs',
  },
  {
    id: '42b',
    what: 'answers hold no certificates',
    file: `${room}/round-state.ts`,
    find: '.filter((certificate) => certificate !== undefined)',
    put: '.filter(() => false)',
  },
  {
    id: '49a',
    what: 'the votes of all later rounds are kept',
    file: rounds,
    find: '<= limits.roundsKept',
    put: '<= limits.maxRound',
  },
  {
    id: '49b',
    what: 'the oldest far vote stays, not the newest',
    file: core,
    find: 'newest.round >= round',
    put: 'newest.round <= round',
  },
]
