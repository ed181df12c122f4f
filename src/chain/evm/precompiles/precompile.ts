/** Describes a precompile: a contract whose code is part of the machine. */

/** Pure and synchronous; the input is only read, and may change after the call. */
export interface Precompile {
  /** Exact; Infinity when the input is outside the rule's bounds, so that the call fails. */
  gas(input: Uint8Array): number
  /** The output; `undefined` when the call fails, which takes all its gas. Called only when the gas is there. */
  run(input: Uint8Array): Uint8Array | undefined
}

/** Bytes of the input, with zeros where it has ended. */
export function slice(input: Uint8Array, at: number, length: number): Uint8Array {
  const part = input.subarray(at, at + length)
  if (part.length === length) return part
  const whole = new Uint8Array(length)
  whole.set(part)
  return whole
}

/** A word that says yes. */
export function oneWord(): Uint8Array {
  const word = new Uint8Array(32)
  word[31] = 1
  return word
}

/** A word that says yes or no; stays `undefined`. */
export function truthWord(truth: boolean | undefined): Uint8Array | undefined {
  return truth === false ? new Uint8Array(32) : truth && oneWord()
}
