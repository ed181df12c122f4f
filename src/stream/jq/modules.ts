/** Resolves what programs import, among files that are given with them. */

import { parseJson } from './json-parse.ts'
import { badExpression } from './lexer.ts'
import { parseProgram } from './parser.ts'
import { defined, type Scope, withEntry } from './scope.ts'
import type { Import, Program } from './syntax.ts'
import { isMembers, raised, type Value } from './values.ts'

/** Texts of modules (`.jq`) and data (`.json`) by path. */
export type ModuleFiles = Readonly<Record<string, string>>

interface Origin {
  readonly scope: Scope | undefined
  /** Folder of the file that imports, without a slash at its end. */
  readonly folder: string
  /** Files that are being read, so that none imports itself. */
  readonly open: readonly string[]
}

/** The files that a program may import. */
export class Modules {
  readonly #files: ModuleFiles

  constructor(files: ModuleFiles) {
    this.#files = files
  }

  /** The scope with all that a program imports; @throws AppError `stream/bad-expression` */
  imported(program: Program, scope: Scope | undefined): Scope | undefined {
    return this.#imports(program, { scope, folder: '', open: [] })
  }

  #imports(program: Program, origin: Origin): Scope | undefined {
    return program.imports.reduce(
      (scope, one) => this.#import(one, { ...origin, scope }),
      origin.scope,
    )
  }

  #import(one: Import, { scope, folder, open }: Origin): Scope | undefined {
    const isData = one.as?.startsWith('$') === true
    const path = this.#find(one, isData ? '.json' : '.jq', folder)
    if (path === undefined) {
      if (isMembers(one.metadata) && one.metadata.optional === true) return scope
      throw badExpression(`there is no module ${one.path}`, one.path, 0)
    }
    if (open.includes(path)) throw badExpression(`circular import of ${path}`, one.path, 0)
    const text = this.#files[path] ?? ''
    if (isData) return withData(scope, (one.as ?? '').slice(1), text)
    const module = parseProgram(text)
    if (module.body !== undefined) throw badExpression('a module has definitions only', text, 0)
    const inner = { scope: undefined, folder: folderOf(path), open: [...open, path] }
    let own = this.#imports(module, inner)
    let result = scope
    for (const definition of module.definitions) {
      const next = defined(own, definition, 0)
      own = next
      const name = one.as === undefined ? definition.name : `${one.as}::${definition.name}`
      result = withEntry(result, { ...next.entry, name })
    }
    return result
  }

  #find({ path, metadata }: Import, ending: string, folder: string): string | undefined {
    const search = isMembers(metadata) ? (metadata.search ?? null) : null
    const given: readonly Value[] = Array.isArray(search) ? search : search === null ? [] : [search]
    const folders = given.filter((one) => typeof one === 'string').map((one) => joined(folder, one))
    if (search === null) folders.push(folder, '')
    const base = path.split('/').at(-1) ?? ''
    const names = folders.flatMap((one) => [
      joined(one, `${path}${ending}`),
      joined(one, `${path}/${base}${ending}`),
    ])
    return names.find((name) => Object.hasOwn(this.#files, name))
  }

  /** What `modulemeta` tells: metadata, what is imported, what is defined. */
  meta(name: string): Value {
    const path = this.#find({ path: name, as: undefined, metadata: {} }, '.jq', '')
    if (path === undefined) throw raised(`module not found: ${name}`)
    const module = parseProgram(this.#files[path] ?? '')
    const deps = module.imports.map(({ path: relpath, as, metadata }) => ({
      ...(metadata as { readonly [name: string]: Value }),
      ...(as === undefined ? {} : { as: as.replace('$', '') }),
      is_data: as?.startsWith('$') === true,
      relpath,
    }))
    const defs = module.definitions.map(({ name: own, params }) => `${own}/${params.length}`)
    const metadata = isMembers(module.metadata) ? module.metadata : {}
    return { ...metadata, deps, defs: [...new Set(defs)] }
  }
}

function withData(scope: Scope | undefined, name: string, text: string): Scope {
  const value = [parseJson(text)]
  const short = withEntry(scope, { kind: 'constant', name, value })
  return withEntry(short, { kind: 'constant', name: `${name}::${name}`, value })
}

function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/')
}

/** A path seen from a folder, with `.` and `..` resolved. */
function joined(folder: string, path: string): string {
  const parts: string[] = []
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
