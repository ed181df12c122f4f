// Builds a Merkle tree over readings, or computes the root that one reading and its proof lead to. Hashes are SHA-256 as in
// RFC 9162: a leaf is hashed behind a byte 0, a pair behind a byte 1, so that no pair can be passed off as a reading.

import { createHash } from 'node:crypto'

const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leafOf = (reading) => sha256(Uint8Array.of(0), canonical(reading))
const pairOf = (left, right) => sha256(Uint8Array.of(1), left, right)
const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`

/** JSON with the members of objects in order: the same reading is the same text, whoever wrote it. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`
}

function treeOf(readings) {
  const leaves = readings.map((reading) => ({ reading, proof: [] }))
  let level = leaves.map((leaf) => ({ hash: leafOf(leaf.reading), below: [leaf] }))
  while (level.length > 1) {
    const above = []
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]]
      // One that is left over goes up as it is.
      above.push(right === undefined ? left : joined(left, right))
    }
    level = above
  }
  return { root: hex(level[0].hash), leaves }
}

function joined(left, right) {
  for (const { proof } of left.below) proof.push({ right: hex(right.hash) })
  for (const { proof } of right.below) proof.push({ left: hex(left.hash) })
  return { hash: pairOf(left.hash, right.hash), below: [...left.below, ...right.below] }
}

function rootOf(reading, proof) {
  let hash = leafOf(reading)
  for (const { left, right } of proof) {
    const other = Buffer.from((left ?? right).slice(2), 'hex')
    hash = left === undefined ? pairOf(hash, other) : pairOf(other, hash)
  }
  return { root: hex(hash) }
}

/**
 * @param {{readings: object[]} | {reading: object, proof: ({left: string} | {right: string})[]}} payload
 * @returns the root with a proof for each reading, or the root that the proof leads to
 */
export default function merkle(payload) {
  if (Array.isArray(payload.readings) && payload.readings.length > 0) {
    return treeOf(payload.readings)
  }
  if (payload.reading && Array.isArray(payload.proof)) return rootOf(payload.reading, payload.proof)
  throw new Error('merkle takes readings, or a reading and its proof')
}
