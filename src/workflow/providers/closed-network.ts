/** Closes the ways out to the network, and to processes and threads in which they would be open, in the present thread. */

import { registerHooks } from 'node:module'

const closed = [
  ...['net', 'tls', 'http', 'https', 'http2', 'dgram', 'dns', 'quic'],
  ...['child_process', 'cluster', 'worker_threads', 'inspector', 'repl', 'wasi'],
]
const globals = ['fetch', 'WebSocket', 'EventSource', 'Request', 'Response']
const messages = ['binding', '_linkedBinding', 'dlopen']

/** Says what to do about it. */
const reason = (what: string) =>
  new Error(
    `${what} is closed: the function may not use the network; "network": true in its function.json allows it`,
  )

function isClosed(name: string): boolean {
  const [first = ''] = name.replace(/^node:/, '').split('/')
  return closed.includes(first)
}

/**
 * Closes them for good. This keeps an honest function from doing what it was not deployed for, and holds back no code that
 * means to get out.
 */
export function closeNetwork(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (isClosed(specifier)) throw reason(`the module "${specifier}"`)
      return next(specifier, context)
    },
  })
  const builtin = process.getBuiltinModule.bind(process)
  replace(process, 'getBuiltinModule', (name: string) => {
    if (isClosed(name)) throw reason(`the module "${name}"`)
    return builtin(name)
  })
  for (const name of messages) replace(process, name, shut(`process.${name}`))
  for (const name of globals) replace(globalThis, name, shut(name))
}

/** What can be called, or built by `new`, and does neither. */
function shut(what: string) {
  return closedFunction
  function closedFunction(): never {
    throw reason(what)
  }
}

function replace(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: false, configurable: false })
}
