/** Does `run.shell`, where the operator allows it. */

import { WorkflowError } from '../workflow-error.ts'
import { fieldsOf, invalid, type OutsideCall, textOf } from './call-fields.ts'
import type { Processes } from './processes.ts'
import { maxArgumentBytes, runAs, runSettings } from './run-settings.ts'

/** The environment of a command besides what the task gives. */
const path = { PATH: '/usr/local/bin:/usr/bin:/bin' }

/**
 * `{command, stdin?, arguments?, environment?, return?, await?}`. The command is a script of `/bin/sh`; its arguments are
 * `$1`, `$2` … and are not looked at by the shell.
 *
 * @see the language's reference, "Shell Process"
 */
export function shellCall(options: {
  readonly processes: Processes
  readonly allowed: boolean
}): OutsideCall {
  const { processes, allowed } = options
  return async (input, { signal }) => {
    const fields = fieldsOf(input, 'run: shell')
    if (!allowed) {
      const detail = 'commands of a shell are off; the setting QS_ALLOW_SHELL allows them'
      throw new WorkflowError({ type: 'configuration', title: 'No shell', detail })
    }
    const settings = runSettings(fields, 'the command')
    const command = textOf(fields, 'command', 'the shell')
    if (command.includes('\0') || Buffer.byteLength(command) > maxArgumentBytes)
      throw invalid(`a command has at most ${maxArgumentBytes} bytes, and no NUL`)
    const program = {
      ...{ subject: 'the command', command: '/bin/sh', stdin: settings.stdin },
      args: ['-c', command, 'sh', ...settings.args],
      env: { ...path, ...settings.environment },
    }
    return { kind: 'done', output: await runAs(settings, program, { processes, signal }) }
  }
}
