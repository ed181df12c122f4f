/** Holds a program as pieces that can be left out one by one, and turns them into bytes. */

/** A byte; a push of where a target lies; such a target; or pieces within the piece. */
export type Item =
  | number
  | { readonly push: number }
  | { readonly target: number }
  | { readonly body: readonly Piece[] }

/** Code that belongs together; the numbers of its targets are its own. */
export type Piece = readonly Item[]

const [push2, jumpdest] = [0x61, 0x5b]

/** The bytes of a program; each target becomes a JUMPDEST, each push of one a PUSH2. */
export function assemble(pieces: readonly Piece[]): Uint8Array {
  const bytes: number[] = []
  const pushes: { at: number; target: number; places: Map<number, number> }[] = []
  const write = (piece: Piece): void => {
    const places = new Map<number, number>()
    for (const item of piece) {
      if (typeof item === 'number') bytes.push(item)
      else if ('body' in item) item.body.forEach(write)
      else if ('target' in item) {
        places.set(item.target, bytes.length)
        bytes.push(jumpdest)
      } else {
        pushes.push({ at: bytes.length, target: item.push, places })
        bytes.push(push2, 0, 0)
      }
    }
  }
  pieces.forEach(write)
  for (const { at, target, places } of pushes) {
    const place = places.get(target) ?? 0
    bytes[at + 1] = place >> 8
    bytes[at + 2] = place & 255
  }
  return Uint8Array.from(bytes)
}

/** All ways to leave something out: halves and quarters first, then single pieces, then pieces within pieces. */
export function* shorter(pieces: readonly Piece[]): Generator<readonly Piece[]> {
  for (
    let size = Math.ceil(pieces.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < pieces.length; at += size) {
      yield [...pieces.slice(0, at), ...pieces.slice(at + size)]
    }
  }
  for (const [at, piece] of pieces.entries()) {
    for (const [place, item] of piece.entries()) {
      if (typeof item === 'number' || !('body' in item)) continue
      yield [...pieces.slice(0, at), ...item.body, ...pieces.slice(at + 1)]
      for (const body of shorter(item.body)) {
        const changed = [...piece.slice(0, place), { body }, ...piece.slice(place + 1)]
        yield [...pieces.slice(0, at), changed, ...pieces.slice(at + 1)]
      }
    }
  }
}
