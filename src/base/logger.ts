/** Describes how the rooms write to the log. */

type Fields = Readonly<Record<string, unknown>>

/** Takes log lines; `fields` never hold a secret. */
export interface Logger {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

const nothing = () => {}

/** Drops every line. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
