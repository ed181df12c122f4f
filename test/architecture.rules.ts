/** Turns the facts about source files into a list of broken rules, each with a way to mend it. */

import path from 'node:path'
import type { ImportFact, SourceFile } from './architecture.facts.ts'
import {
  assemblyFolders,
  bannedWords,
  type Exception,
  impureGlobals,
  loaders,
  maxFileLines,
  maxFunctionLines,
  type Room,
  testPackages,
} from './architecture.table.ts'

type Rooms = Readonly<Record<string, Room>>

/** Returns the room of a path such as `src/chain/evm/opcodes/add.ts`, or nothing outside all rooms. */
export function roomOf(rooms: Rooms, file: string): string | undefined {
  return Object.keys(rooms)
    .filter((room) => file.startsWith(`src/${room}/`))
    .sort((a, b) => b.length - a.length)[0]
}

/** Finds faults of the table itself: an upward import, or a way from one wing to the other. */
export function tableFaults(rooms: Rooms): string[] {
  const faults: string[] = []
  const order = Object.keys(rooms)
  for (const [name, room] of Object.entries(rooms)) {
    for (const other of [...room.may, ...(room.mayTypes ?? [])]) {
      const below = order.indexOf(other)
      if (below < 0) faults.push(`room ${name} may import ${other}, which is no room`)
      else if (below >= order.indexOf(name)) {
        faults.push(`room ${name} may import ${other}, which does not stand below it in the table`)
      }
      const wing = rooms[other]?.wing
      if (wing !== undefined && wing !== room.wing && wing !== 'shared' && room.wing !== 'top') {
        faults.push(`room ${name} (${room.wing}) may import ${other} (${wing}): wings never meet`)
      }
    }
  }
  return faults
}

/** Finds imports that the table forbids, name no file, or cannot be read. */
export function importFaults(rooms: Rooms, sources: readonly SourceFile[]): string[] {
  const known = new Set(sources.map((source) => source.file))
  return sources.flatMap((source) => {
    const room = roomOf(rooms, source.file)
    if (room === undefined) {
      return [`${source.file}: lies in no room; the rooms are ${Object.keys(rooms).join(', ')}`]
    }
    return source.imports
      .map((fact) => importFault(rooms, known, source.file, room, fact))
      .filter((fault) => fault !== undefined)
      .map((fault) => `${source.file}:${fault}`)
  })
}

function importFault(
  rooms: Rooms,
  known: ReadonlySet<string>,
  file: string,
  room: string,
  fact: ImportFact,
): string | undefined {
  const { specifier, line } = fact
  if (specifier === undefined) {
    if (loaders.includes(file)) return undefined
    return `${line}: the path of an import() must be a plain string`
  }
  if (specifier.startsWith('node:')) {
    if (rooms[room]?.pure !== true || isTestCode(file)) return undefined
    return `${line}: imports ${specifier}, but room ${room} is pure; ask for a function or a value as an argument and let src/node pass it in`
  }
  if (!specifier.startsWith('.')) return packageFault(rooms, room, { specifier, file, line })

  const target = path.posix.join(path.posix.dirname(file), specifier)
  if (!target.startsWith('src/')) return `${line}: imports ${target}, which lies outside src`
  const kernel = assemblyFolders.find((folder) => file.startsWith(folder))
  if (kernel !== assemblyFolders.find((folder) => target.startsWith(folder))) {
    return `${line}: imports ${target} across the border of a kernel folder; call the compiled kernel`
  }
  if (kernel === undefined && !known.has(target)) {
    return `${line}: imports ${target}, which does not exist; write the path with its .ts ending`
  }
  const other = roomOf(rooms, target)
  if (other === undefined || other === room) return undefined
  if (isPrivate(other, target)) {
    return `${line}: imports ${target}, a private part of ${other}; import a file at the top of src/${other}, or move what you need there`
  }
  if (rooms[room]?.may.includes(other)) return undefined
  const typesAllowed = rooms[room]?.mayTypes?.includes(other) === true
  if (typesAllowed && (fact.typeOnly || isTestCode(file))) return undefined
  const rule = typesAllowed
    ? `room ${room} may import only types of ${other}; write "import type"`
    : `room ${room} may import ${rooms[room]?.may.join(', ') || 'no other room'}`
  return `${line}: imports ${target}, but ${rule}. ${placeFor(rooms, room, other)}`
}

/** What lies at the top of a room is its face; what lies in its folders is private to it. */
function isPrivate(room: string, target: string): boolean {
  return target.slice(`src/${room}/`.length).includes('/')
}

function packageFault(
  rooms: Rooms,
  room: string,
  { specifier, file, line }: { specifier: string; file: string; line: number },
): string | undefined {
  const parts = specifier.split('/')
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
  if (rooms[room]?.packages?.includes(name ?? '')) return undefined
  if (isTestCode(file) && testPackages.includes(name ?? '')) return undefined
  const owners = Object.keys(rooms).filter((one) => rooms[one]?.packages?.includes(name ?? ''))
  const hint =
    owners.length > 0
      ? `call it through src/${owners.join(' or src/')}`
      : 'add it to the table, in the one room that wraps it'
  return `${line}: imports the package ${name}, which room ${room} may not; ${hint}`
}

/** Says where code that needs two rooms belongs. */
function placeFor(rooms: Rooms, room: string, other: string): string {
  const names = Object.keys(rooms)
  const sees = (from: string, to: string) => from === to || rooms[from]?.may.includes(to) === true
  const above = names.find((one) => sees(one, room) && sees(one, other))
  const below = names.findLast((one) => sees(room, one) && sees(other, one))
  const wings = [rooms[room]?.wing, rooms[other]?.wing]
  const bridge =
    wings.includes('chain') && wings.includes('event')
      ? ' The event wing sees a chain only through JSON-RPC, behind an interface in src/base.'
      : ''
  const up = above ? `Code that needs both belongs in src/${above}` : 'No room sees both'
  const down = below ? `; a part that both need moves down to src/${below}` : ''
  return `${up}${down}.${bridge}`
}

/** Finds circles of files that import each other, types included. */
export function cycleFaults(sources: readonly SourceFile[]): string[] {
  const edges = new Map(
    sources.map((source) => [
      source.file,
      source.imports
        .filter((fact) => fact.specifier?.startsWith('.'))
        .map((fact) => path.posix.join(path.posix.dirname(source.file), fact.specifier ?? '')),
    ]),
  )
  const finished = new Set<string>()
  const trail: string[] = []
  const faults: string[] = []
  const walk = (file: string): void => {
    const at = trail.indexOf(file)
    if (at >= 0) {
      const circle = [...trail.slice(at), file].join(' -> ')
      faults.push(`${circle}: an import circle; move what both need to a file of its own`)
    }
    if (at >= 0 || finished.has(file)) return
    trail.push(file)
    for (const next of edges.get(file) ?? []) walk(next)
    trail.pop()
    finished.add(file)
  }
  for (const file of edges.keys()) walk(file)
  return faults
}

/** Finds file and folder names that are not kebab-case or that say nothing. */
export function nameFaults(files: readonly string[]): string[] {
  return files.flatMap((file) =>
    file.split('/').flatMap((part) => {
      const words = part.replace(/\.tsx?$/, '').split(/[-.]/)
      const banned = words.find((word) => bannedWords.includes(word))
      if (banned)
        return [`${file}: "${banned}" does not say what the file is for; name its subject`]
      if (/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part)) return []
      return [`${file}: "${part}" is not in kebab-case`]
    }),
  )
}

/** Finds files that do not open with a comment of one sentence. */
export function headFaults(sources: readonly SourceFile[]): string[] {
  return sources.flatMap(({ file, head }) => {
    if (head && /^[A-Z].{15,}\.$/.test(head) && !/[.!?] [A-Z]/.test(head)) return []
    return [`${file}:1: must open with /** one sentence that says what the file is for. */`]
  })
}

/** Finds hooks for each test that would run for the tests of other files, too, where several files share a process. */
export function hookFaults(sources: readonly SourceFile[]): string[] {
  return sources.flatMap(({ file, rootHooks }) =>
    rootHooks.map((line) => `${file}:${line}: put it, and its tests, into a describe`),
  )
}

/** Finds files and functions that are too long, and exceptions that nothing needs any more. */
export function lengthFaults(
  sources: readonly SourceFile[],
  exceptions: readonly Exception[],
): string[] {
  const found: (Pick<Exception, 'file' | 'rule'> & { readonly text: string })[] = []
  for (const { file, lines, functions } of sources) {
    if (file.endsWith('.gen.ts')) continue
    if (lines > maxFileLines) {
      const text = `${file}: ${lines} lines, over the limit of ${maxFileLines}; split it by subject`
      found.push({ file, rule: 'file-length', text })
    }
    for (const one of isTestCode(file) ? [] : functions) {
      if (one.lines <= maxFunctionLines) continue
      const text = `${file}:${one.line}: a function of ${one.lines} lines, over the limit of ${maxFunctionLines}; name its steps`
      found.push({ file, rule: 'function-length', text })
    }
  }
  const excuses = (entry: Exception, fault: Pick<Exception, 'file' | 'rule'>) =>
    entry.file === fault.file && entry.rule === fault.rule
  const faults = found.filter((fault) => !exceptions.some((entry) => excuses(entry, fault)))
  const idle = exceptions.filter((entry) => !found.some((fault) => excuses(entry, fault)))
  return [
    ...faults.map((fault) => fault.text),
    ...idle.map((entry) => `${entry.file}: the exception for ${entry.rule} is no longer needed`),
  ]
}

/** Finds pure rooms that reach for the clock, randomness, the network or the machine. */
export function purityFaults(rooms: Rooms, sources: readonly SourceFile[]): string[] {
  return sources.flatMap(({ file, names }) => {
    const room = roomOf(rooms, file)
    if (room === undefined || rooms[room]?.pure !== true || isTestCode(file)) return []
    return names
      .filter(({ name }) => name === 'Math.random' || impureGlobals.has(name))
      .map(
        ({ name, line }) =>
          `${file}:${line}: uses ${name}, but room ${room} is pure; take it as an argument`,
      )
  })
}

/** Finds rooms that the architecture document does not name. */
export function documentFaults(rooms: Rooms, document: string): string[] {
  return Object.keys(rooms)
    .filter((room) => !document.includes(`\`${room}\``))
    .map((room) => `ARCHITECTURE.md does not name the room \`${room}\``)
}

/** Finds files that cannot be parsed, which the other rules would pass over. */
export function parseFaults(sources: readonly SourceFile[]): string[] {
  return sources
    .filter(({ file }) => !assemblyFolders.some((folder) => file.startsWith(folder)))
    .flatMap(({ file, parseErrors }) => parseErrors.map((error) => `${file}: ${error}`))
}

/** Tests, suites, and what lies in a room's folders named `test-…`. */
function isTestCode(file: string): boolean {
  return /\.(test|suite)\.tsx?$|\/test-[a-z-]+\//.test(file)
}
