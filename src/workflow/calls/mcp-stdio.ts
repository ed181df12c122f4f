/** Talks to a server of the Model Context Protocol that is a program of this machine, started for each call. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import { type Fields, invalid, textOf } from './call-fields.ts'
import { isAnswer, rpcMessages, rpcResult } from './json-rpc-messages.ts'
import {
  agreedVersion,
  askId,
  askText,
  beginId,
  beginText,
  begunText,
  type McpTalk,
  questionCounter,
  replyText,
} from './mcp-messages.ts'
import type { Processes, ProcessWish } from './processes.ts'
import { failed, runSettings } from './run-settings.ts'

/**
 * Asks one question: `{command, arguments?, environment?}` of the transport. The command is a program, which no shell looks at.
 *
 * @throws WorkflowError `configuration` where programs are not allowed; else as `run: shell` does, and `runtime` for an error
 *   that the server answers with
 */
export async function mcpOverStdio(
  fields: Fields,
  talk: McpTalk,
  { processes, allowed }: { readonly processes: Processes; readonly allowed: boolean },
): Promise<Json> {
  if (!allowed) {
    const detail = 'programs that serve MCP are off; the setting QS_ALLOW_SHELL allows them'
    throw new WorkflowError({ type: 'configuration', title: 'No programs', detail })
  }
  const settings = runSettings(fields, 'the MCP server')
  const command = textOf(fields, 'command', 'the transport of call: mcp')
  if (command.includes('\0')) throw invalid('a command has no NUL')
  const subject = `the MCP server ${command}`
  const { hear, found } = dialogueOf(talk, subject)
  const program: ProcessWish = {
    ...{ subject, command, args: settings.args, timeoutMs: talk.timeoutMs },
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...settings.environment },
    stdin: `${beginText(talk)}\n`,
    dialogue: { hear },
  }
  const result = await processes.run(program, talk.context.signal)
  const answer = found()
  if (answer === undefined) throw failed(program, result)
  return rpcResult(answer, `${talk.method} of ${subject}`)
}

/** What is said and heard, and afterwards the answer. */
function dialogueOf(talk: McpTalk, subject: string) {
  let answer: Fields | undefined
  let hasBegun = false
  const isQuestion = questionCounter()
  const hear: NonNullable<ProcessWish['dialogue']>['hear'] = (line, { say, end }) => {
    // Some servers write more than messages.
    for (const message of rpcMessages(line) ?? []) {
      if (isQuestion(message)) say(replyText(message))
      else if (!hasBegun && isAnswer(message, beginId)) {
        hasBegun = true
        agreedVersion(rpcResult(message, `initialize of ${subject}`))
        say(begunText)
        say(askText(talk))
      } else if (isAnswer(message, askId)) {
        answer = message
        end()
      }
    }
  }
  return { hear, found: () => answer }
}
