/** Runs the command that the command line names. */

import { setFlagsFromString } from 'node:v8'
import { AppError } from '../base/app-error.ts'
import { fileFailure } from '../base/file-reason.ts'
import { programVersion } from '../node/program-folder.ts'
import { type Command, helpOf, parseCall } from './command.ts'
import { chainCommand } from './commands/chain.ts'
import { configCommand } from './commands/config.ts'
import { demoCommand } from './commands/demo.ts'
import { functionCommand } from './commands/function.ts'
import { keysCommand } from './commands/keys.ts'
import { notifyCommand } from './commands/notify.ts'
import { processCommand } from './commands/process.ts'
import { projectionCommand } from './commands/projection.ts'
import { startCommand } from './commands/start.ts'
import { workflowCommand } from './commands/workflow.ts'

// V8's helpers that collect short-lived garbage beside the main thread take the processors from this program's own threads:
// without them a transaction takes 6 % less of the processors, at the same rate (docs/performance.md).
setFlagsFromString('--no-parallel-scavenge')

const commands: readonly Command[] = [
  startCommand,
  demoCommand,
  chainCommand,
  workflowCommand,
  functionCommand,
  projectionCommand,
  notifyCommand,
  processCommand,
  keysCommand,
  configCommand,
]

function help(): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'quantumstream COMMAND [FLAGS]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    '"quantumstream COMMAND --help" tells more. "quantumstream start --dev" is where to begin.',
  ].join('\n')
}

async function run(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words[0] === 'help' ? [...words.slice(1), '--help'] : words
  const command = commands.find((one) => one.name === name)
  if (command === undefined) {
    if (name === undefined || name === '--help' || name === '-h') {
      console.log(help())
      return name === undefined ? 1 : 0
    }
    if (name === '--version') {
      console.log(await programVersion())
      return 0
    }
    console.error(`"${name}" is no command\n\n${help()}`)
    return 1
  }
  const call = parseCall(command, rest)
  if (call.own.help) {
    console.log(helpOf(command))
    return 0
  }
  return command.run(call)
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  const reason = error instanceof AppError ? error.message : fileFailure(error)
  console.error(reason === undefined ? error : `error: ${reason}`)
  process.exitCode = 1
}
