/** Takes a stream of server-sent events apart as it comes. */

/** Reads one stream. @see the HTML standard, "Interpreting an event stream" */
export class EventReader {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #data: string[] = []
  #nextId: string | undefined
  #lastId: string | undefined
  #retryMs: number | undefined

  /** @param lastId - of the event behind which the stream goes on */
  constructor(lastId?: string) {
    this.#lastId = lastId
  }

  /** Id of the last event that was whole, by which a server can go on behind it. */
  get lastId(): string | undefined {
    return this.#lastId
  }

  /** The pause before one asks again, if the server names it. */
  get retryMs(): number | undefined {
    return this.#retryMs
  }

  /** The data of the events that a piece of the stream brings to their end. */
  push(chunk: Uint8Array): readonly string[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split(
      /\r\n|\n|\r(?!$)/,
    )
    this.#rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.#line(line))
  }

  #line(line: string): readonly string[] {
    if (line === '') return this.#end()
    const [, name, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (name === 'data') this.#data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.#nextId = value
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.#retryMs = Number(value)
    return []
  }

  #end(): readonly string[] {
    this.#lastId = this.#nextId ?? this.#lastId
    const text = this.#data.join('\n')
    this.#data = []
    return text === '' ? [] : [text]
  }
}
