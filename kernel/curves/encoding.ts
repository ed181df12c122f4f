/** Reads points as Ethereum encodes them and writes them so. */

import { elementBytes, isBls } from './constants'
import { degree, one, width } from './coordinate'
import { read, write } from './field'
import { isInfinity, isOnCurve, normalize, setInfinity } from './points'
import { ROOM } from './prime'

/** Bytes of the encoded number itself, at the end of its element. */
function numberBytes(): usize {
  return elementBytes == 64 ? 48 : 32
}

/** Bytes of an encoded point. */
export function pointBytes(): usize {
  return elementBytes * 2 * degree
}

/** Reads a number; whether it is below the prime. */
export function readNumber(out: usize, from: usize): bool {
  const start = from + elementBytes - numberBytes()
  for (let at = from; at < start; at += 1) {
    if (load<u8>(at) != 0) return false
  }
  return read(out, start, numberBytes())
}

/** Writes a number; bytes before it are left as they are. */
export function writeNumber(to: usize, a: usize): void {
  write(to + elementBytes - numberBytes(), numberBytes(), a)
}

/** Where the parts of a coordinate lie: bn254 has the imaginary one first. */
function partAt(part: usize): usize {
  return degree == 2 && !isBls ? 1 - part : part
}

/** Reads a point with Z = 1, or infinity, which is written as zeros; whether it is on the curve. */
export function readPoint(out: usize, from: usize): bool {
  let at = from
  let isFine = true
  for (let coordinate = out; coordinate < out + 2 * width; coordinate += width) {
    for (let part: usize = 0; part < degree; part += 1) {
      isFine = readNumber(coordinate + partAt(part) * ROOM, at) && isFine
      at += elementBytes
    }
  }
  if (!isFine) return false
  for (at = from; at < from + pointBytes(); at += 1) {
    if (load<u8>(at) == 0) continue
    one(out + 2 * width)
    return isOnCurve(out)
  }
  setInfinity(out)
  return true
}

/** Writes a point; it is brought to Z = 1. */
export function writePoint(to: usize, point: usize): void {
  memory.fill(to, 0, pointBytes())
  if (isInfinity(point)) return
  normalize(point)
  let at = to
  for (let coordinate = point; coordinate < point + 2 * width; coordinate += width) {
    for (let part: usize = 0; part < degree; part += 1) {
      writeNumber(at, coordinate + partAt(part) * ROOM)
      at += elementBytes
    }
  }
}
