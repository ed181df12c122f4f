/** Compiles the forms that take no part in binding names: paths, operators, conditions, arrays, objects, errors. */

import { member } from './access.ts'
import { add, divide, multiply, negate, remainder, subtract } from './arithmetic.ts'
import type { Evaluation } from './budget.ts'
import { named } from './complaints.ts'
import { type Each, type Frame, type Node, once, several, single } from './node.ts'
import { areEqual, compare } from './order.ts'
import type { Compile, Where } from './scope.ts'
import type { Ast, BinaryOperator } from './syntax.ts'
import { isMembers, isTrue, kindOf, ownMember, put, Raised, raised, type Value } from './values.ts'

type Of<Kind extends Ast['kind']> = Ast & { readonly kind: Kind }

/** What catching an error costs. */
const errorWork = 5

export function compilePipe(left: Node, right: Node): Node {
  const [first, second] = [left.one, right.one]
  if (first && second) {
    return single((input, frame) => {
      const value = first(input, frame)
      return value === undefined ? undefined : second(value, frame)
    })
  }
  const each: Each = (input, frame, emit) =>
    left.each(input, frame, (value) => right.each(value, frame, emit))
  return several(each, left, right)
}

export function compileComma(left: Node, right: Node): Node {
  const each: Each = (input, frame, emit) =>
    left.each(input, frame, emit) ?? right.each(input, frame, emit)
  return several(each, left, right)
}

type Operation = (a: Value, b: Value, run: Evaluation) => Value

export const operations: Readonly<Record<BinaryOperator, Operation>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  '%': remainder,
  '==': areEqual,
  '!=': (a, b, run) => !areEqual(a, b, run),
  '<': (a, b, run) => compare(a, b, 'order', run) < 0,
  '<=': (a, b, run) => compare(a, b, 'order', run) <= 0,
  '>': (a, b, run) => compare(a, b, 'order', run) > 0,
  '>=': (a, b, run) => compare(a, b, 'order', run) >= 0,
}

/** The right operand is the outer loop, as in jq. */
export function compileBinary(operator: BinaryOperator, left: Node, right: Node): Node {
  const operation = operations[operator]
  const [first, second] = [left.one, right.one]
  if (first && second) {
    return single((input, frame) => {
      const b = second(input, frame)
      const a = b === undefined ? undefined : first(input, frame)
      return a === undefined ? undefined : operation(a, b as Value, frame.run)
    })
  }
  const each: Each = (input, frame, emit) =>
    right.each(input, frame, (b) =>
      left.each(input, frame, (a) => emit(operation(a, b, frame.run))),
    )
  return several(each, left, right)
}

export function compileLogic(kind: 'and' | 'or', left: Node, right: Node): Node {
  const decided = kind === 'or'
  const [first, second] = [left.one, right.one]
  if (first && second) {
    return single((input, frame) => {
      const a = first(input, frame)
      if (a === undefined) return undefined
      if (isTrue(a) === decided) return decided
      const b = second(input, frame)
      return b === undefined ? undefined : isTrue(b)
    })
  }
  const each: Each = (input, frame, emit) =>
    left.each(input, frame, (a) =>
      isTrue(a) === decided ? emit(decided) : right.each(input, frame, (b) => emit(isTrue(b))),
    )
  return several(each, left, right)
}

export function compileAlternative(left: Node, right: Node): Node {
  const [first, second] = [left.one, right.one]
  if (first && second) {
    return single((input, frame) => {
      const value = first(input, frame)
      return value !== undefined && isTrue(value) ? value : second(input, frame)
    })
  }
  const each: Each = (input, frame, emit) => {
    let found = false
    const signal = left.each(input, frame, (value) => {
      if (!isTrue(value)) return undefined
      found = true
      return emit(value)
    })
    return signal ?? (found ? undefined : right.each(input, frame, emit))
  }
  return several(each, left, right)
}

export function compileIf(test: Node, yes: Node, no: Node): Node {
  const [asks, takes, leaves] = [test.one, yes.one, no.one]
  if (asks && takes && leaves) {
    return single((input, frame) => {
      const answer = asks(input, frame)
      if (answer === undefined) return undefined
      return isTrue(answer) ? takes(input, frame) : leaves(input, frame)
    })
  }
  const each: Each = (input, frame, emit) =>
    test.each(input, frame, (answer) => (isTrue(answer) ? yes : no).each(input, frame, emit))
  return several(each, test, yes, no)
}

/** Catches what `body` raises, but not what is raised by those who take its outputs. */
export function compileTry(body: Node, handler: Node | undefined): Node {
  const [tries, handles] = [body.one, handler?.one]
  if (tries && (handler === undefined || handles)) {
    return single((input, frame) => {
      const { calls } = frame.run
      try {
        return tries(input, frame)
      } catch (error) {
        if (!(error instanceof Raised)) throw error
        frame.run.calls = calls
        return handles?.(error.read(spendOf(frame)), frame)
      }
    })
  }
  const each: Each = (input, frame, emit) => {
    const { calls } = frame.run
    let isWithin = true
    try {
      return body.each(input, frame, (value) => {
        isWithin = false
        const signal = emit(value)
        isWithin = true
        return signal
      })
    } catch (error) {
      if (!isWithin || !(error instanceof Raised)) throw error
      frame.run.calls = calls
      return handler?.each(error.read(spendOf(frame)), frame, emit)
    }
  }
  return several(each, body, ...(handler ? [handler] : []))
}

/** A member; the key is the outer loop, and is asked of the same input as the target. */
export function compileIndex(compile: Compile, ast: Of<'index'>, where: Where): Node {
  const { target, key, optional } = ast
  if (target.kind === 'identity' && key.kind === 'literal' && typeof key.value === 'string') {
    return compileField(key.value, optional)
  }
  const [whole, name] = [compile.node(target, where), compile.node(key, where)]
  const part = optional ? memberOrNothing : member
  const [first, second] = [whole.one, name.one]
  if (first && second) {
    return single((input, frame) => {
      const wanted = second(input, frame)
      const value = wanted === undefined ? undefined : first(input, frame)
      return value === undefined ? undefined : part(value, wanted as Value, frame.run)
    })
  }
  const each: Each = (input, frame, emit) =>
    name.each(input, frame, (wanted) =>
      whole.each(input, frame, (value) => {
        const found = part(value, wanted, frame.run)
        return found === undefined ? undefined : emit(found)
      }),
    )
  return several(each, whole, name)
}

function compileField(name: string, optional: boolean): Node {
  return single((input) => {
    if (isMembers(input)) return ownMember(input, name) ?? null
    if (input === null) return null
    if (optional) return undefined
    throw raised((spend) => `Cannot index ${kindOf(input)} with ${named(name, spend)}`)
  })
}

/** Lets the text of an error pay for what it looks at; reading an error costs a little in any case. */
export function spendOf({ run }: Frame): (work: number) => void {
  run.spend(errorWork)
  return (work) => run.spend(work)
}

/** Only what the access itself raises is passed over. */
export function memberOrNothing(value: Value, key: Value, run: Evaluation): Value | undefined {
  try {
    return member(value, key, run)
  } catch (error) {
    if (error instanceof Raised) return undefined
    throw error
  }
}

export function compileSlice(compile: Compile, ast: Of<'slice'>, where: Where): Node {
  const whole = compile.node(ast.target, where)
  const [from, to] = [compile.node(ast.from, where), compile.node(ast.to, where)]
  const part = ast.optional ? memberOrNothing : member
  const each: Each = (input, frame, emit) =>
    from.each(input, frame, (start) =>
      to.each(input, frame, (end) =>
        whole.each(input, frame, (value) => {
          const found = part(value, { start, end }, frame.run)
          return found === undefined ? undefined : emit(found)
        }),
      ),
    )
  const isOnce = from.one && to.one && whole.one
  return (isOnce ? once : several)(each, from, to, whole)
}

export function compileIterate(target: Node, optional: boolean): Node {
  const each: Each = (input, frame, emit) =>
    target.each(input, frame, (value) => {
      const items = itemsOf(value, optional, frame.run)
      for (const item of items) {
        frame.run.spend(1)
        const signal = emit(item)
        if (signal !== undefined) return signal
      }
      return undefined
    })
  return several(each, target)
}

/** What `.[]` gives of a value. */
export function itemsOf(value: Value, optional: boolean, run: Evaluation): readonly Value[] {
  if (Array.isArray(value)) return value
  if (isMembers(value)) {
    const values = Object.values(value)
    run.copyMembers(values.length)
    return values
  }
  if (optional) return []
  throw raised((spend) => `Cannot iterate over ${named(value, spend)}`)
}

export function compileArray(body: Node | undefined): Node {
  if (body === undefined) return single(() => [])
  const only = body.one
  if (only) {
    return single((input, frame) => {
      const value = only(input, frame)
      frame.run.spend(1)
      return value === undefined ? [] : [value]
    })
  }
  const each: Each = (input, frame, emit) => {
    const items: Value[] = []
    const { run } = frame
    const signal = body.each(input, frame, (value) => {
      run.spend(1)
      items.push(value)
      return undefined
    })
    return signal ?? emit(items)
  }
  return once(each, body)
}

interface CompiledMember {
  readonly name: Node
  readonly value: Node
}

export function compileObject(compile: Compile, ast: Of<'object'>, where: Where): Node {
  const members = ast.members.map(({ name, value }) => ({
    name: compile.node(name, where),
    value: compile.node(value, where),
  }))
  if (members.every(({ name, value }) => name.one && value.one)) return compilePlainObject(members)
  const each: Each = (input, frame, emit) => {
    const from = (at: number, sum: { [name: string]: Value }): ReturnType<typeof emit> => {
      const member = members[at]
      if (member === undefined) return emit(sum)
      return member.name.each(input, frame, (name) =>
        member.value.each(input, frame, (value) => {
          frame.run.spend(members.length)
          const copy = { ...sum }
          put(copy, nameOf(name), value)
          return from(at + 1, copy)
        }),
      )
    }
    return from(0, {})
  }
  return several(each, ...members.flatMap(({ name, value }) => [name, value]))
}

function compilePlainObject(members: readonly CompiledMember[]): Node {
  const ways = members.map(({ name, value }) => [name.one, value.one] as const)
  return single((input, frame) => {
    const object: { [name: string]: Value } = {}
    frame.run.spend(ways.length)
    for (const [nameWay, valueWay] of ways) {
      const name = nameWay?.(input, frame)
      const value = name === undefined ? undefined : valueWay?.(input, frame)
      if (name === undefined || value === undefined) return undefined
      put(object, nameOf(name), value)
    }
    return object
  })
}

function nameOf(name: Value): string {
  if (typeof name === 'string') return name
  throw raised((spend) => `Cannot use ${named(name, spend)} as object key`)
}

export function compileNegate(body: Node): Node {
  const only = body.one
  if (only) {
    return single((input, frame) => {
      const value = only(input, frame)
      return value === undefined ? undefined : negate(value)
    })
  }
  return several(
    (input, frame, emit) => body.each(input, frame, (value) => emit(negate(value))),
    body,
  )
}

/** A function of values: its arguments are asked of the input, the last one in the outermost loop. */
export function compileNative(
  native: (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined,
  args: readonly Node[],
): Node {
  const ways = args.map(({ one }) => one)
  const [first, second] = ways
  if (args.length === 0) return single((input, frame) => native(frame.run, input))
  if (args.length === 1 && first) {
    return single((input, frame) => {
      const a = first(input, frame)
      return a === undefined ? undefined : native(frame.run, input, a)
    })
  }
  if (args.length === 2 && first && second) {
    return single((input, frame) => {
      const b = second(input, frame)
      const a = b === undefined ? undefined : first(input, frame)
      return a === undefined ? undefined : native(frame.run, input, a, b as Value)
    })
  }
  const each: Each = (input, frame, emit) => {
    const values: Value[] = []
    const from = (at: number): ReturnType<typeof emit> => {
      if (at < 0) {
        const value = native(frame.run, input, ...values)
        return value === undefined ? undefined : emit(value)
      }
      return args[at]?.each(input, frame, (value) => {
        values[at] = value
        return from(at - 1)
      })
    }
    return from(args.length - 1)
  }
  return ways.every(Boolean) ? once(each, ...args) : several(each, ...args)
}
