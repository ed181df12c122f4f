/** Turns the conditions of monitors, such as `value > 10000 AND to == 0xab…`, into jq over a decoded event. */

import { noCounterpart } from './refusal.ts'

const token =
  /\s*(?:(&&|\|\||==|!=|>=|<=|>|<|\(|\)|(?:AND|OR|contains|starts_with|ends_with)(?![\w.]))|(0x[\da-fA-F]+)|(-?\d+)(?![\w.])|'([^']*)'|"([^"]*)"|([A-Za-z_]\w*(?:\.\w+)*))/y

interface Token {
  readonly kind: 'sign' | 'value'
  readonly text: string
  /** An address or a hash: compared whatever its letters' case. */
  readonly isHex?: true
}

/** The condition in jq, to which the data of the event is given; `names` are the names of the event's arguments. */
export function monitorCondition(text: string, names: readonly string[], place: string): string {
  const tokens = tokensOf(text, names, place)
  let at = 0
  const sign = (): string | undefined =>
    tokens[at]?.kind === 'sign' ? tokens[at]?.text : undefined
  const value = (): Token => {
    const one = tokens[at]
    if (one?.kind !== 'value') throw noCounterpart(place, `the condition ${text} is not understood`)
    at += 1
    return one
  }
  const single = (): string => {
    if (sign() === '(') {
      at += 1
      const inner = either()
      if (sign() !== ')') throw noCounterpart(place, `the condition ${text} is not closed`)
      at += 1
      return `(${inner})`
    }
    const first = value()
    const operator = sign() ?? ''
    at += 1
    const second = value()
    const isHex = first.isHex || second.isHex
    const [left, right] = [first, second].map((one) =>
      isHex && !one.isHex ? `(${one.text} | ascii_downcase)` : one.text,
    )
    const call = { contains: 'contains', starts_with: 'startswith', ends_with: 'endswith' }[
      operator
    ]
    if (call !== undefined) return `(${left} | ${call}(${right}))`
    if (!/^(==|!=|>=|<=|>|<)$/.test(operator)) {
      throw noCounterpart(place, `the condition ${text} is not understood`)
    }
    return `${left} ${operator} ${right}`
  }
  const both = (): string => {
    let left = single()
    while (sign() === 'AND' || sign() === '&&') {
      at += 1
      left = `${left} and ${single()}`
    }
    return left
  }
  const either = (): string => {
    let left = both()
    while (sign() === 'OR' || sign() === '||') {
      at += 1
      left = `${left} or ${both()}`
    }
    return left
  }
  const condition = either()
  if (at < tokens.length) throw noCounterpart(place, `the condition ${text} is not understood`)
  return condition
}

function tokensOf(text: string, names: readonly string[], place: string): readonly Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  let end = 0
  while (end < text.trimEnd().length) {
    token.lastIndex = end
    const found = token.exec(text)
    if (found === null) throw noCounterpart(place, `the condition ${text} is not understood`)
    end = token.lastIndex
    const [, operator, hex, number, single, double, name] = found
    if (operator !== undefined) tokens.push({ kind: 'sign', text: operator })
    else if (name !== undefined) tokens.push({ kind: 'value', text: argument(name, names, place) })
    else {
      const literal = number ?? JSON.stringify(hex?.toLowerCase() ?? single ?? double ?? '')
      tokens.push({ kind: 'value', text: literal, ...(hex === undefined ? {} : { isHex: true }) })
    }
  }
  return tokens
}

/** An argument of the event. */
function argument(name: string, names: readonly string[], place: string): string {
  if (name === 'true' || name === 'false') return name
  if (names.length > 0 && !names.includes(name.split('.')[0] ?? '')) {
    throw noCounterpart(place, `the event has no argument ${name}; it has ${names.join(', ')}`)
  }
  return `.args.${name}`
}
