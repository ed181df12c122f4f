/** Compiles `call: human.approve`: a question that people answer. */

import type { Json } from '../../base/json-rpc.ts'
import type { Question } from '../durable-context.ts'
import type { Body, Compiler } from './compiler.ts'
import { neededMs } from './durations.ts'
import { below, type Members, type Place } from './places.ts'
import { plainJson } from './runtime.ts'

/** Asks, and gives the answer. */
export function compileQuestion(
  { expressions }: Compiler,
  definition: Members,
  place: Place,
): Body {
  const given = expressions.template(definition.with ?? {}, below(place, 'with'))
  return (scope, key) => {
    const { run, durable } = scope.frame
    const asked = run.secrets.redacted(plainJson(given(scope.input, scope)))
    return durable.ask(key, questionOf(asked, String(scope.task?.name)))
  }
}

function questionOf(asked: Json, name: string): Question {
  const { role, form, data, answers, deadline, title, kind } = (asked ?? {}) as Members
  return {
    kind: kind === 'signal' ? 'signal' : 'approval',
    title: typeof title === 'string' ? title : name,
    ...(typeof role === 'string' ? { role } : {}),
    ...(form === undefined ? {} : { form }),
    ...(data === undefined ? {} : { data }),
    ...(typeof answers === 'number' ? { answers } : {}),
    ...(deadline === undefined ? {} : { deadlineMs: neededMs(deadline, 'the deadline') }),
  }
}
