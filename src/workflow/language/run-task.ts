/** Compiles `run`: other workflows, scripts, shell commands, containers. */

import { WorkflowError } from '../workflow-error.ts'
import { actionBody, checkKnown, retryOf } from './call.ts'
import { networkArguments } from './call-arguments.ts'
import type { Body, Compiler } from './compiler.ts'
import { below, type Members, memberOf, type Place } from './places.ts'
import { plainJson } from './runtime.ts'

/** `run`; a process is the function `run.script`, `run.shell` or `run.container` of the table. */
export function compileRunTask(compiler: Compiler, definition: Members, place: Place): Body {
  const { run } = definition
  const awaited = memberOf(run, 'await') !== false
  if (memberOf(run, 'workflow') !== undefined)
    return compileChild(compiler, run as Members, below(place, 'run'))
  const kind = ['script', 'shell', 'container'].find((name) => memberOf(run, name) !== undefined)
  const name = `run.${kind}`
  checkKnown(compiler, name, below(place, 'run', String(kind)))
  const process = memberOf(run, String(kind)) ?? {}
  const settings = networkArguments(compiler, process, below(place, 'run', String(kind)))
  const returned = memberOf(run, 'return') ?? 'stdout'
  const body = actionBody(compiler, {
    kind: name,
    given: (data, scope) => ({
      ...(settings(data, scope) as object),
      return: returned,
      await: awaited,
    }),
    retry: retryOf(compiler, definition, place),
  })
  return async (scope, key) => {
    const output = await body(scope, key)
    if (!awaited) return scope.input
    return returned === 'none' ? null : output
  }
}

function compileChild(compiler: Compiler, run: Members, place: Place): Body {
  const workflow = run.workflow as Members
  const awaited = run.await !== false
  const where = below(place, 'workflow', 'input')
  const input = compiler.expressions.template(workflow.input ?? {}, where)
  return async (scope, key) => {
    const { durable, run: own } = scope.frame
    const given = plainJson(input(scope.input, scope))
    if (own.secrets.standIn(given)) throw secretLeaves('the input of another workflow')
    const output = await durable.child(key, {
      namespace: String(workflow.namespace),
      name: String(workflow.name),
      version: String(workflow.version ?? 'latest'),
      ...{ input: given, awaited },
    })
    if (!awaited) return scope.input
    return run.return === 'none' ? null : output
  }
}

/** The error of a secret that would be kept where others can read it. */
export function secretLeaves(where: string): WorkflowError {
  const detail = `a secret stands in ${where}, which is kept where others can read it`
  return new WorkflowError({ type: 'authorization', title: 'Secret would leave', detail })
}
