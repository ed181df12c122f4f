/** Defines how parameters are read: small functions that know what they expect and where they are. */

import type { Json } from '../../base/json-rpc.ts'
import { isList, isRecord } from '../envelope/request.ts'
import { invalidParams } from '../envelope/rpc-error.ts'

/**
 * Reads one value; `path` says where it stands (`params[0].to`).
 *
 * @throws AppError `json-rpc/error` -32602 when the value is not what it should be
 */
export type Parser<T> = (value: Json | undefined, path: string) => T

/** What a list of parsers gives. */
export type Parsed<P extends readonly Parser<unknown>[]> = {
  -readonly [At in keyof P]: P[At] extends Parser<infer T> ? T : never
}

/** Reads the parameters of a method, one parser each; more than that is refused. */
export function parseParams<P extends readonly Parser<unknown>[]>(
  parsers: P,
  params: readonly Json[],
): Parsed<P> {
  if (params.length > parsers.length) {
    throw invalidParams(
      `too many parameters: expected at most ${parsers.length}, got ${params.length}`,
    )
  }
  return parsers.map((parse, at) => parse(params[at], pathOf(at))) as Parsed<P>
}

const paths: string[] = []

/** Made once: most calls need it for nothing. */
function pathOf(at: number): string {
  const path = paths[at] ?? `params[${at}]`
  paths[at] = path
  return path
}

/** The error for a value that is not what it should be. */
export function unexpected(value: Json | undefined, path: string, expected: string): Error {
  return invalidParams(`${path}: expected ${expected}, got ${described(value)}`)
}

/** A value that may be absent or null. */
export function optional<T>(parse: Parser<T>): Parser<T | undefined>
export function optional<T>(parse: Parser<T>, fallback: T): Parser<T>
export function optional<T>(parse: Parser<T>, fallback?: T): Parser<T | undefined> {
  return (value, path) => (value === undefined || value === null ? fallback : parse(value, path))
}

/** A list with at most `most` entries. */
export function listOf<T>(parse: Parser<T>, most: number): Parser<readonly T[]> {
  return (value, path) => {
    if (!isList(value)) throw unexpected(value, path, 'a list')
    if (value.length > most)
      throw invalidParams(`${path}: expected at most ${most} entries, got ${value.length}`)
    return value.map((entry, at) => parse(entry, `${path}[${at}]`))
  }
}

/** A JSON object. */
export const record: Parser<{ readonly [key: string]: Json }> = (value, path) => {
  if (!isRecord(value)) throw unexpected(value, path, 'an object')
  return value
}

/** A value in the words of an error, cut short. */
function described(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (isList(value)) return 'a list'
  if (isRecord(value)) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 80)}… (${text.length} characters)` : text
}
