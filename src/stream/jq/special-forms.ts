/** Compiles functions whose arguments are programs, where a loop does what jq does by functions that call themselves. */

import { doubleOf, plainNumber } from './arithmetic.ts'
import { compileModify } from './assignments.ts'
import { unfitPair } from './complaints.ts'
import { itemsOf } from './forms.ts'
import {
  type Each,
  type Emit,
  firstOf,
  keysOf,
  type Node,
  type One,
  once,
  type Signal,
  several,
  single,
} from './node.ts'
import { eachCell } from './path-forms.ts'
import type { Compile, Where } from './scope.ts'
import { Sum } from './sums.ts'
import { type Ast, call } from './syntax.ts'
import { isNumeric, isTrue, raised, type Value } from './values.ts'

/** Undefined where jq's own definition must do, since an argument gives many outputs. */
type Special = (compile: Compile, args: readonly Ast[], where: Where) => Node | undefined

type Args = readonly Node[]

function ofNodes(make: (...args: Node[]) => Node | undefined): Special {
  return (compile, args, where) => make(...(args.map((arg) => compile.node(arg, where)) as Args))
}

const empty = single(() => undefined)

/** Functions by name and number of arguments. */
export const special: Readonly<Record<string, Special | undefined>> = {
  'empty/0': () => empty,
  'path/1': (compile, [arg], where) => {
    const paths = compile.paths(arg as Ast, where)
    const each: Each = (value, frame, emit) =>
      eachCell(paths, { value, frame, visit: (cell) => emit(keysOf(cell)) })
    return several(each, paths)
  },
  'map_values/1': (compile, [arg], where) => {
    const target: Ast = { kind: 'identity' }
    const paths = compile.paths({ kind: 'iterate', target, optional: false }, where)
    return compileModify(paths, compile.node(arg as Ast, where))
  },
  '_modify/2': (compile, [left, right], where) =>
    compileModify(compile.paths(left as Ast, where), compile.node(right as Ast, where)),
  '_assign/2': (compile, [left, right], where) =>
    compile.node({ kind: 'assign', operator: '=', left: left as Ast, right: right as Ast }, where),
  'range/1': ofNodes((upto) =>
    range(
      single(() => 0),
      upto,
    ),
  ),
  'range/2': ofNodes(range),
  'range/3': ofNodes(rangeBy),
  'first/1': ofNodes((generator) => {
    const each: Each = (input, frame, emit) => {
      const { value, signal } = firstOf(generator, input, frame)
      return signal ?? (value === undefined ? undefined : emit(value))
    }
    return once(each, generator)
  }),
  'last/1': ofNodes((generator) => {
    const each: Each = (input, frame, emit) => {
      let last: Value | undefined
      const signal = generator.each(input, frame, (value) => {
        last = value
        return undefined
      })
      return signal ?? (last === undefined ? undefined : emit(last))
    }
    return once(each, generator)
  }),
  'limit/2': ofNodes(limit),
  'skip/2': ofNodes(skip),
  'isempty/1': ofNodes((generator) => {
    const each: Each = (input, frame, emit) => {
      const { value, signal } = firstOf(generator, input, frame)
      return signal ?? emit(value === undefined)
    }
    return once(each, generator)
  }),
  'any/2': ofNodes((generator, condition) => quantified(true, generator, condition)),
  'all/2': ofNodes((generator, condition) => quantified(false, generator, condition)),
  'add/1': ofNodes((generator) => {
    const each: Each = (input, frame, emit) => {
      const sum = new Sum(null, frame.run)
      const signal = generator.each(input, frame, (value) => {
        sum.add(value)
        return undefined
      })
      return signal ?? emit(sum.value)
    }
    return once(each, generator)
  }),
  'until/2': ofNodes((condition, update) => {
    const [holds, next] = [condition.one, update.one]
    return holds && next ? until(holds, next) : undefined
  }),
  'while/2': ofNodes((condition, update) => {
    const [holds, next] = [condition.one, update.one]
    return holds && next ? loop(next, holds) : undefined
  }),
  'repeat/1': ofNodes((body) => {
    const each: Each = (input, frame, emit) => {
      for (;;) {
        frame.run.spend(1)
        const signal = body.each(input, frame, emit)
        if (signal !== undefined) return signal
      }
    }
    return several(each, body)
  }),
  'recurse/0': () => several(recurse),
  'recurse/1': ofNodes((next) => (next.one ? loop(next.one) : undefined)),
  'recurse/2': ofNodes((next, condition) => {
    const [gives, holds] = [next.one, condition.one]
    if (!gives || !holds) return undefined
    return loop((input, frame) => {
      const value = gives(input, frame)
      const answer = value === undefined ? undefined : holds(value, frame)
      return answer !== undefined && isTrue(answer) ? value : undefined
    })
  }),
  'debug/1': (compile, [arg], where) => {
    const messages = compile.node(arg as Ast, where)
    const each: Each = (input, frame, emit) =>
      messages.each(input, frame, () => undefined) ?? emit(input)
    return once(each, messages)
  },
  'env/0': (compile) => single(() => compile.host.environment),
  'builtins/0': (compile) => single(() => compile.builtins()),
  'now/0': (compile) => {
    const { now } = compile.host
    return now && single(() => now())
  },
  'modulemeta/0': (compile) => {
    const { moduleMeta } = compile.host
    if (moduleMeta === undefined) return undefined
    return single((input) => {
      if (typeof input === 'string') return moduleMeta(input)
      throw raised('modulemeta input module name must be a string')
    })
  },
  'get_search_list/0': () => single(() => []),
  'input_filename/0': () => single(() => null),
  'input_line_number/0': () => single(() => 0),
  'with_entries/1': (compile, [arg], where) => {
    const map: Ast = call('map', arg as Ast)
    const rest: Ast = { kind: 'pipe', left: map, right: call('from_entries') }
    return compile.node({ kind: 'pipe', left: call('to_entries'), right: rest }, where)
  },
}

function boundOf(value: Value): number {
  if (isNumeric(value)) return plainNumber(value)
  throw raised('Range bounds must be numeric')
}

/** The start is the outer loop, as in jq. */
function range(from: Node, upto: Node): Node {
  const each: Each = (input, frame, emit) =>
    from.each(input, frame, (start) =>
      upto.each(input, frame, (end) => {
        const last = boundOf(end)
        for (let at = boundOf(start); at < last; at += 1) {
          frame.run.spend(1)
          const signal = emit(at)
          if (signal !== undefined) return signal
        }
        return undefined
      }),
    )
  return several(each, from, upto)
}

function rangeBy(from: Node, upto: Node, by: Node): Node {
  const each: Each = (input, frame, emit) =>
    from.each(input, frame, (start) =>
      upto.each(input, frame, (end) =>
        by.each(input, frame, (step) => {
          const [last, stride] = [boundOf(end), boundOf(step)]
          const goesOn = (at: number) => (stride > 0 ? at < last : stride < 0 && at > last)
          for (let at = boundOf(start); goesOn(at); at += stride) {
            frame.run.spend(1)
            const signal = emit(at)
            if (signal !== undefined) return signal
          }
          return undefined
        }),
      ),
    )
  return several(each, from, upto, by)
}

function countOf(count: Value, name: string): number {
  if (!isNumeric(count)) throw unfitPair(count, 1, 'cannot be subtracted')
  const number = doubleOf(count)
  if (number < 0) throw raised(`${name} doesn't support negative count`)
  return number
}

function limit(count: Node, generator: Node): Node {
  const each: Each = (input, frame, emit) =>
    count.each(input, frame, (given) => {
      let left = countOf(given, 'limit')
      if (left <= 0) return undefined
      const stop = {}
      const signal = generator.each(input, frame, (value) => {
        left -= 1
        return emit(value) ?? (left <= 0 ? stop : undefined)
      })
      return signal === stop ? undefined : signal
    })
  return several(each, count, generator)
}

function skip(count: Node, generator: Node): Node {
  const each: Each = (input, frame, emit) =>
    count.each(input, frame, (given) => {
      let left = countOf(given, 'skip')
      return generator.each(input, frame, (value) => {
        left -= 1
        return left < 0 ? emit(value) : undefined
      })
    })
  return several(each, count, generator)
}

/** Stops at the first value that decides. */
function quantified(decided: boolean, generator: Node, condition: Node): Node {
  const each: Each = (input, frame, emit) => {
    const stop = {}
    const signal = generator.each(input, frame, (value) =>
      condition.each(value, frame, (answer) => (isTrue(answer) === decided ? stop : undefined)),
    )
    if (signal !== undefined && signal !== stop) return signal
    return emit((signal === stop) === decided)
  }
  return once(each, generator, condition)
}

function until(holds: One, next: One): Node {
  return single((input, frame) => {
    let value: Value | undefined = input
    while (value !== undefined) {
      frame.run.spend(1)
      const answer = holds(value, frame)
      if (answer === undefined) return undefined
      if (isTrue(answer)) return value
      value = next(value, frame)
    }
    return undefined
  })
}

/** Emits a value, what follows from it, and so on, while there is one and the condition holds. */
function loop(next: One, holds?: One): Node {
  const each: Each = (input, frame, emit) => {
    let value: Value | undefined = input
    while (value !== undefined) {
      frame.run.spend(1)
      const answer = holds?.(value, frame)
      if (holds && (answer === undefined || !isTrue(answer))) return undefined
      const signal = emit(value)
      if (signal !== undefined) return signal
      value = next(value, frame)
    }
    return undefined
  }
  return several(each)
}

/** A value and all values within it, each before its parts. */
const recurse: Each = (input, frame, emit: Emit): Signal => {
  const waiting = [input]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    frame.run.spend(1)
    const signal = emit(value)
    if (signal !== undefined) return signal
    const items = itemsOf(value, true, frame.run)
    for (let at = items.length - 1; at >= 0; at -= 1) waiting.push(items[at] ?? null)
  }
  return undefined
}
