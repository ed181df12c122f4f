/** Counts calls of the world that are under way, whoever still looks at them. */
export class OutsideCalls {
  #count = 0
  readonly #idlers: (() => void)[] = []

  /** Counts a call until it has really ended. */
  add<T>(call: Promise<T>): Promise<T> {
    this.#count += 1
    const ended = () => {
      this.#count -= 1
      if (this.#count === 0) for (const idle of this.#idlers.splice(0)) idle()
    }
    call.then(ended, ended)
    return call
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve))
  }
}
