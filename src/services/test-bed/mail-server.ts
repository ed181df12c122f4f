/** Stands for a mail server: as much of SMTP as a client needs, and the mails that came. */

import { createServer, type Server } from 'node:net'

/** A mail as it came over the line. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body. */
  readonly text: string
}

/** A server whose `verdict` answers the end of each mail, such as `250 taken`. */
export function createMailServer(mails: Mail[], verdict: () => string): Server {
  return createServer((socket) => {
    let data: string | undefined
    let from = ''
    let to: string[] = []
    const answer = (line: string): string => {
      const [, path = ''] = /<([^>]*)>/.exec(line) ?? []
      if (/^MAIL FROM:/i.test(line)) from = path
      if (/^RCPT TO:/i.test(line)) to.push(path)
      if (line === 'DATA') data = ''
      if (line === 'DATA') return '354 go on'
      return line === 'QUIT' ? '221 bye' : '250 ok'
    }
    socket.write('220 test\r\n')
    socket.on('data', (chunk) => {
      if (data !== undefined) {
        data += chunk
        if (!data.endsWith('\r\n.\r\n')) return
        mails.push({ from, to, text: data.slice(0, -5).replaceAll('\r\n..', '\r\n.') })
        data = undefined
        to = []
        socket.write(`${verdict()}\r\n`)
        return
      }
      for (const line of String(chunk).split('\r\n').filter(Boolean))
        socket.write(`${answer(line)}\r\n`)
    })
    socket.on('error', () => {})
  })
}
