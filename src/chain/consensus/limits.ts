/** Holds the limits of consensus, each of which docs/limits.md names. */

const kib = 1_024

/** A block as it is proposed, with its record and the certificate of its parent; and the longest of these. */
const [maxBlockBytes, maxRecordBytes, maxCertificateBytes] = [4 * kib * kib, 96 * kib, 512 * kib]

/** What bounds messages, blocks and the memory of a node; bytes and counts. */
export const limits = {
  /** Validators of a set, whichever way they sign; bit maps and indices are bounded by it. */
  maxValidators: 128,
  /** Validators of a set in which one signs with ML-DSA-65, unless the manifest says otherwise. */
  maxMlDsaValidators: 32,
  /** Candidates that a contract lists, and that are read of it. */
  maxCandidates: 1_024,
  /** Requests to become a validator that wait for the end of a block. */
  maxWaiting: 8,
  maxBlockBytes,
  /** Transactions of a block that is proposed: header and lists take no more than what is left for them. */
  maxProposedBytes: maxBlockBytes - maxRecordBytes - maxCertificateBytes - 16 * kib,
  /** A part of a block; only the last may be shorter. */
  partBytes: 64 * kib,
  maxVoteBytes: 3.5 * kib,
  maxProposalBytes: 4 * kib,
  maxCertificateBytes,
  /** Certificates of prevotes that are stored with a decided block. */
  maxPolkas: 16,
  maxEvidencePerBlock: 8,
  /** Signers whose faults wait for a block. */
  maxEvidenceHeld: 1_024,
  /** Signers that a chain has punished within the time that evidence is good for. */
  maxPunished: 4_096,
  /** The record of a block, without a certificate in it. */
  maxRecordBytes,
  maxRoundStateBytes: kib,
  /** Highest round there is. */
  maxRound: 2 ** 20,
  /** Highest height: 64 bits. */
  maxHeight: 2n ** 64n - 1n,
  /** Rounds before and after the own one whose votes are kept. */
  roundsKept: 8,
  /** Rounds in all whose votes are kept: those, and others in which a quorum was seen. */
  talliesKept: 64,
  /** Different proposals of one round; more than one is evidence. */
  proposalsPerRound: 8,
  /** Rounds of the next height whose votes wait for it. */
  futureRounds: 2,
  /** Values whose check is remembered without a proposal that is kept. */
  checkedValuesKept: 64,
  /** Messages that one answer to a round state has. */
  answerItems: 64,
} as const
