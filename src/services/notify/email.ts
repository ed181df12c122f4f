/** Sends mail by SMTP. */

import { AppError } from '../../base/app-error.ts'
import { answerTimeoutMs, type Channel } from './channel.ts'

/** Which server, and who sends. */
export interface EmailOptions {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  readonly url: string
  readonly from: string
  /** Gets what is for a recipient that is no address, such as an account. */
  readonly to?: string | undefined
  /** Longest wait for the server. */
  readonly timeoutMs?: number
}

/** Whether a text looks like an address of mail. */
function isMailAddress(text: string): boolean {
  return /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(text)
}

/** The message id stays the same for each attempt, by which mail servers know a repetition. */
export function emailChannel(options: EmailOptions): Channel {
  return {
    async send({ id, to, subject, body, formatted: html }) {
      const isAddress = isMailAddress(to)
      const receiver = isAddress ? to : options.to
      if (receiver === undefined) {
        const message = `"${to}" is no address of mail, and no other one is set`
        throw new AppError({ code: 'services/unknown-recipient', message })
      }
      const text = isAddress ? body : `${body}\n\nAccount: ${to}`
      await deliver(options, {
        ...{ from: options.from, to: receiver, subject, text },
        ...{ messageId: `<${id}@quantumstream>`, ...(html === undefined ? {} : { html }) },
      })
    },
  }
}

async function deliver(
  { url, timeoutMs = answerTimeoutMs }: EmailOptions,
  mail: Readonly<Record<string, string>>,
): Promise<void> {
  // Its library is loaded by those who send mail.
  const { createTransport } = await import('nodemailer')
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const auth = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const transport = createTransport({
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ host: hostname, port: Number(port) || (secure ? 465 : 587), secure },
    ...(username === '' ? {} : { auth }),
  })
  try {
    await transport.sendMail(mail)
  } catch (cause) {
    const { responseCode = 0, message: reason } = cause as {
      readonly responseCode?: number
      readonly message: string
    }
    const message = `the mail server ${hostname} did not take the notification: ${reason}`
    // 5xx is final (RFC 5321, 4.2.1), but for a password that can be set right.
    const retry = responseCode >= 500 && responseCode !== 535 ? 'never' : 'later'
    throw new AppError({ code: 'services/not-sent', message, cause, retry })
  } finally {
    transport.close()
  }
}
