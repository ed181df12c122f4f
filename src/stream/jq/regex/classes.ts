/** Kinds of characters: shorthand classes, POSIX brackets, Unicode properties. */

import { raised } from '../values.ts'
import type { Matches } from './tree.ts'

function byPattern(pattern: RegExp): Matches {
  const low = Array.from({ length: 128 }, (_, point) => pattern.test(String.fromCodePoint(point)))
  return (point) => low[point] ?? pattern.test(String.fromCodePoint(point))
}

export const isWord = byPattern(/[\p{L}\p{M}\p{N}\p{Pc}]/u)
const isDigit = byPattern(/\p{Nd}/u)
const isSpace = byPattern(/[\t-\r\u0085\p{Z}]/u)

const brackets: Readonly<Record<string, Matches>> = {
  alnum: byPattern(/[\p{Alphabetic}\p{Nd}]/u),
  alpha: byPattern(/\p{Alphabetic}/u),
  ascii: (point) => point < 128,
  blank: byPattern(/[\t\p{Zs}]/u),
  cntrl: byPattern(/\p{Cc}/u),
  digit: isDigit,
  graph: byPattern(/[^\p{Z}\p{Cc}\p{Cn}\p{Cs}\s]/u),
  lower: byPattern(/\p{Lowercase}/u),
  print: byPattern(/[^\p{Cc}\p{Cn}\p{Cs}]/u),
  punct: byPattern(/[\p{P}$+<=>^`|~]/u),
  space: isSpace,
  upper: byPattern(/\p{Uppercase}/u),
  xdigit: byPattern(/[\da-fA-F]/u),
  word: isWord,
}

/** Of `\d`, `\w` and the like; undefined for other letters. */
export function shorthand(letter: string): Matches | undefined {
  const lower = { d: isDigit, w: isWord, s: isSpace, N: (point: number) => point !== 10 }
  if (letter === 'O') return () => true
  const direct = lower[letter as 'd']
  if (direct !== undefined) return direct
  const inverse = letter === 'D' || letter === 'W' || letter === 'S'
  return inverse ? not(lower[letter.toLowerCase() as 'd']) : undefined
}

export function not(matches: Matches): Matches {
  return (point) => !matches(point)
}

/** A POSIX bracket such as `alpha`. */
export function bracketClass(name: string): Matches | undefined {
  const isNegative = name.startsWith('^')
  const matches = brackets[isNegative ? name.slice(1) : name]
  return matches && isNegative ? not(matches) : matches
}

/** A Unicode property: a POSIX name, a category, or a script; @throws Raised for an unknown one */
export function property(name: string): Matches {
  const isNegative = name.startsWith('^')
  const plain = (isNegative ? name.slice(1) : name).replace(/[\s_-]/g, '')
  const matches = brackets[plain.toLowerCase()] ?? unicodeClass(plain)
  if (matches === undefined) {
    throw raised(`Regex failure: invalid character property name {${name}}`)
  }
  return isNegative ? not(matches) : matches
}

function unicodeClass(name: string): Matches | undefined {
  if (!/^\w{1,40}$/.test(name)) return undefined
  const kept = known.properties.get(name)
  if (kept !== undefined) return kept
  const matches = readClass(name)
  if (matches !== undefined && known.properties.size < maxKnown) known.properties.set(name, matches)
  return matches
}

function readClass(name: string): Matches | undefined {
  const title = (name[0] ?? '').toUpperCase() + name.slice(1).toLowerCase()
  if (title === 'Any') return () => true
  for (const candidate of [name, title, `Script=${title}`, `Script=${name}`]) {
    try {
      return byPattern(new RegExp(`\\p{${candidate}}`, 'u'))
    } catch {
      // Not a name of that kind.
    }
  }
  return undefined
}

/** Variants and properties found so far; at most so many are kept. */
const known = {
  variants: new Map<number, readonly number[]>(),
  properties: new Map<string, Matches>(),
}
const maxKnown = 4_096

/** All code points that differ from one only in case. */
export function caseVariants(point: number): readonly number[] {
  const found = known.variants.get(point)
  if (found !== undefined) return found
  const variants = variantsOf(point)
  if (known.variants.size < maxKnown) known.variants.set(point, variants)
  return variants
}

function variantsOf(point: number): readonly number[] {
  const text = String.fromCodePoint(point)
  const variants = [text.toLowerCase(), text.toUpperCase(), text.toUpperCase().toLowerCase()]
  const points = variants
    .filter((one) => [...one].length === 1)
    .map((one) => one.codePointAt(0) ?? 0)
  return [...new Set([point, ...points])]
}

export function ignoringCase(matches: Matches): Matches {
  return (point) => matches(point) || caseVariants(point).some(matches)
}
