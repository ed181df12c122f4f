/** Asks for a password on the terminal without showing it. */

import type { Readable } from 'node:stream'
import { AppError } from '../base/app-error.ts'

/**
 * Reads one line from the terminal; nothing is echoed.
 *
 * @throws AppError `cli/no-terminal` when there is none to ask on, `cli/interrupted` on Ctrl-C or Ctrl-D
 */
export async function askPassword(question: string): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) {
    const message = `${question}: there is no terminal to ask on; give the password by a file`
    throw new AppError({ code: 'cli/no-terminal', message })
  }
  // Unseen before it is asked for: whoever types at once would be shown.
  stdin.setRawMode(true)
  stderr.write(`${question}: `)
  stdin.setEncoding('utf8')
  try {
    return await readHidden(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/** Keys until Enter; by listeners, since a loop over the stream would end it for the next question. */
function readHidden(input: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let password = ''
    const finish = (end: () => void) => {
      input.off('data', onTyped)
      input.off('end', onEnd)
      end()
    }
    const onEnd = () => finish(() => reject(interrupted()))
    const onTyped = (typed: string) => {
      for (const key of typed) {
        if (key === '\r' || key === '\n') return finish(() => resolve(password))
        if (key === '\u0003' || (key === '\u0004' && password === '')) return onEnd()
        password = key === '\u007f' ? password.slice(0, -1) : password + key
      }
    }
    input.on('data', onTyped)
    input.on('end', onEnd)
    input.resume()
  })
}

function interrupted(): AppError {
  return new AppError({ code: 'cli/interrupted', message: 'interrupted' })
}
