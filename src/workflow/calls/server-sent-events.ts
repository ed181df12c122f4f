/** Takes a stream of server-sent events apart as it comes. */

/** Reads one stream. @see the HTML standard, "Interpreting an event stream" */
export class EventReader {
  readonly #decoder = new TextDecoder()
  /** The beginning of a line whose end has not come. */
  #rest = ''
  /** A return at the end of a piece may be half of a line's end. */
  #held = ''
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
    // Only what is new is looked at: a long line may come in many pieces.
    const text = this.#held + this.#decoder.decode(chunk, { stream: true })
    this.#held = text.endsWith('\r') ? '\r' : ''
    const [first = '', ...more] = text.slice(0, text.length - this.#held.length).split(/\r\n|\n|\r/)
    const lines = [this.#rest + first, ...more]
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
