/** Asks for a password on the terminal without showing it. */

import { AppError } from '../base/app-error.ts'

/**
 * Reads one line from the terminal; nothing is echoed.
 *
 * @throws AppError `cli/no-terminal` when there is none to ask on, `cli/interrupted` on Ctrl-C
 */
export async function askPassword(question: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) {
    const message = `${question}: there is no terminal to ask on; give the password by a file`
    throw new AppError({ code: 'cli/no-terminal', message })
  }
  stderr.write(`${question}: `)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  try {
    return await readHidden(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

async function readHidden(input: AsyncIterable<string>): Promise<string> {
  let password = ''
  for await (const typed of input) {
    for (const key of typed) {
      if (key === '\r' || key === '\n') return password
      if (key === '\u0003') throw new AppError({ code: 'cli/interrupted', message: 'interrupted' })
      password = key === '\u007f' ? password.slice(0, -1) : password + key
    }
  }
  return password
}
