/** Sums products of limbs, a[0]·b[n−1] to a[n−1]·b[0]: up to 13 of 30 bits each fit a word. */

// @ts-ignore: decorator
@inline
export function dot1(a: usize, b: usize): u64 {
  return load<u64>(a) * load<u64>(b)
}

// @ts-ignore: decorator
@inline
export function dot2(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 8) +
    load<u64>(a, 8) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot3(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 16) +
    load<u64>(a, 8) * load<u64>(b, 8) +
    load<u64>(a, 16) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot4(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 24) +
    load<u64>(a, 8) * load<u64>(b, 16) +
    load<u64>(a, 16) * load<u64>(b, 8) +
    load<u64>(a, 24) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot5(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 32) +
    load<u64>(a, 8) * load<u64>(b, 24) +
    load<u64>(a, 16) * load<u64>(b, 16) +
    load<u64>(a, 24) * load<u64>(b, 8) +
    load<u64>(a, 32) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot6(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 40) +
    load<u64>(a, 8) * load<u64>(b, 32) +
    load<u64>(a, 16) * load<u64>(b, 24) +
    load<u64>(a, 24) * load<u64>(b, 16) +
    load<u64>(a, 32) * load<u64>(b, 8) +
    load<u64>(a, 40) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot7(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 48) +
    load<u64>(a, 8) * load<u64>(b, 40) +
    load<u64>(a, 16) * load<u64>(b, 32) +
    load<u64>(a, 24) * load<u64>(b, 24) +
    load<u64>(a, 32) * load<u64>(b, 16) +
    load<u64>(a, 40) * load<u64>(b, 8) +
    load<u64>(a, 48) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot8(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 56) +
    load<u64>(a, 8) * load<u64>(b, 48) +
    load<u64>(a, 16) * load<u64>(b, 40) +
    load<u64>(a, 24) * load<u64>(b, 32) +
    load<u64>(a, 32) * load<u64>(b, 24) +
    load<u64>(a, 40) * load<u64>(b, 16) +
    load<u64>(a, 48) * load<u64>(b, 8) +
    load<u64>(a, 56) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot9(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 64) +
    load<u64>(a, 8) * load<u64>(b, 56) +
    load<u64>(a, 16) * load<u64>(b, 48) +
    load<u64>(a, 24) * load<u64>(b, 40) +
    load<u64>(a, 32) * load<u64>(b, 32) +
    load<u64>(a, 40) * load<u64>(b, 24) +
    load<u64>(a, 48) * load<u64>(b, 16) +
    load<u64>(a, 56) * load<u64>(b, 8) +
    load<u64>(a, 64) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot10(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 72) +
    load<u64>(a, 8) * load<u64>(b, 64) +
    load<u64>(a, 16) * load<u64>(b, 56) +
    load<u64>(a, 24) * load<u64>(b, 48) +
    load<u64>(a, 32) * load<u64>(b, 40) +
    load<u64>(a, 40) * load<u64>(b, 32) +
    load<u64>(a, 48) * load<u64>(b, 24) +
    load<u64>(a, 56) * load<u64>(b, 16) +
    load<u64>(a, 64) * load<u64>(b, 8) +
    load<u64>(a, 72) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot11(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 80) +
    load<u64>(a, 8) * load<u64>(b, 72) +
    load<u64>(a, 16) * load<u64>(b, 64) +
    load<u64>(a, 24) * load<u64>(b, 56) +
    load<u64>(a, 32) * load<u64>(b, 48) +
    load<u64>(a, 40) * load<u64>(b, 40) +
    load<u64>(a, 48) * load<u64>(b, 32) +
    load<u64>(a, 56) * load<u64>(b, 24) +
    load<u64>(a, 64) * load<u64>(b, 16) +
    load<u64>(a, 72) * load<u64>(b, 8) +
    load<u64>(a, 80) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot12(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 88) +
    load<u64>(a, 8) * load<u64>(b, 80) +
    load<u64>(a, 16) * load<u64>(b, 72) +
    load<u64>(a, 24) * load<u64>(b, 64) +
    load<u64>(a, 32) * load<u64>(b, 56) +
    load<u64>(a, 40) * load<u64>(b, 48) +
    load<u64>(a, 48) * load<u64>(b, 40) +
    load<u64>(a, 56) * load<u64>(b, 32) +
    load<u64>(a, 64) * load<u64>(b, 24) +
    load<u64>(a, 72) * load<u64>(b, 16) +
    load<u64>(a, 80) * load<u64>(b, 8) +
    load<u64>(a, 88) * load<u64>(b, 0)
  )
}

// @ts-ignore: decorator
@inline
export function dot13(a: usize, b: usize): u64 {
  return (
    load<u64>(a, 0) * load<u64>(b, 96) +
    load<u64>(a, 8) * load<u64>(b, 88) +
    load<u64>(a, 16) * load<u64>(b, 80) +
    load<u64>(a, 24) * load<u64>(b, 72) +
    load<u64>(a, 32) * load<u64>(b, 64) +
    load<u64>(a, 40) * load<u64>(b, 56) +
    load<u64>(a, 48) * load<u64>(b, 48) +
    load<u64>(a, 56) * load<u64>(b, 40) +
    load<u64>(a, 64) * load<u64>(b, 32) +
    load<u64>(a, 72) * load<u64>(b, 24) +
    load<u64>(a, 80) * load<u64>(b, 16) +
    load<u64>(a, 88) * load<u64>(b, 8) +
    load<u64>(a, 96) * load<u64>(b, 0)
  )
}
