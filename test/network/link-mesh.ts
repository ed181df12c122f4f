/** Puts a proxy between each two of several nodes, so that a test can part them and make their links bad. */

import { fair, LinkProxy, type Weather } from './link-proxy.ts'

/** The links of a network of nodes. */
export class LinkMesh {
  readonly #proxies: readonly (readonly (LinkProxy | undefined)[])[]

  private constructor(proxies: readonly (readonly (LinkProxy | undefined)[])[]) {
    this.#proxies = proxies
  }

  /** @param ports - where the nodes listen */
  static async open(ports: readonly number[]): Promise<LinkMesh> {
    const rows = ports.map((_, from) =>
      Promise.all(ports.map((port, to) => (from === to ? undefined : LinkProxy.open(port)))),
    )
    return new LinkMesh(await Promise.all(rows))
  }

  /** Where a node finds another one. */
  address(from: number, to: number): string {
    return `127.0.0.1:${this.#proxies[from]?.[to]?.port}`
  }

  /** The same weather everywhere. */
  setWeather(weather: Weather): void {
    for (const proxy of this.#all()) proxy.weather = weather
  }

  /** Nothing passes between nodes of different groups until `heal`, and no connection ends. */
  part(groups: readonly (readonly number[])[]): void {
    const groupOf = (node: number) => groups.findIndex((group) => group.includes(node))
    for (const [from, row] of this.#proxies.entries()) {
      for (const [to, proxy] of row.entries()) {
        if (proxy) proxy.weather = { ...fair, isStalled: groupOf(from) !== groupOf(to) }
      }
    }
  }

  heal(): void {
    this.setWeather(fair)
  }

  /** One of the links that are in use. */
  oneInUse(): LinkProxy | undefined {
    const used = this.#all().filter(({ count }) => count > 0)
    return used[Math.floor(Math.random() * used.length)]
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((proxy) => proxy.close()))
  }

  #all(): LinkProxy[] {
    return this.#proxies.flat().filter((proxy) => proxy !== undefined)
  }
}
