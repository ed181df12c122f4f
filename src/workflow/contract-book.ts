/** Keeps contracts by name: those that the program was started with, and those that were added since. */

import { type Abi, parseAbi } from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import { sequencePage } from '../store/sequence-page.ts'
import type { Migration, SqlRow, SqlSession, SqlStore } from '../store/sql.ts'

/** Tables of the book. */
export const contractMigrations: readonly Migration[] = [
  {
    id: 'workflow/003-contracts',
    statements: [
      `CREATE TABLE contracts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        address TEXT NOT NULL,
        abi TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL
      )`,
    ],
  },
]

/** A contract by its name. */
export interface NamedContract {
  readonly name: string
  readonly address: Hex
  readonly abi: Abi
  /** Of the program itself: it cannot be removed. */
  readonly fixed: boolean
}

/** Contracts by name. */
export interface ContractBook {
  /** By name or address; `undefined` where neither is known. */
  find(nameOrAddress: string): Promise<{ readonly address: Hex; readonly abi: Abi } | undefined>
  /** ABIs of all fixed contracts, for the names of errors. */
  readonly abis: readonly Abi[]
  /** Adds a contract; the same again changes nothing. @throws AppError `workflow/name-taken`, `workflow/bad-abi` */
  add(contract: {
    readonly name: string
    readonly address: string
    readonly abi: Json
  }): Promise<NamedContract>
  /** Whether there was one. @throws AppError `workflow/fixed-contract` */
  remove(name: string): Promise<boolean>
  /** Addresses by name, of those that are not fixed. */
  addresses(): Promise<Readonly<Record<string, Hex>>>
  /** Names of an address that are not fixed, newest first, as a transaction sees them. */
  namesOf(session: SqlSession, address: Hex): Promise<readonly string[]>
  /** Newest first; the fixed ones stand on the first page. */
  list(query: PageQuery): Promise<Page<NamedContract>>
}

interface BookOptions {
  readonly sql: SqlStore
  readonly nowMs: () => number
  readonly fixed: readonly { readonly name: string; readonly address: Hex; readonly abi: Abi }[]
  readonly abis: readonly Abi[]
}

const addressPattern = /^0x[0-9a-fA-F]{40}$/
const namePattern = /^[a-zA-Z][\w-]{0,62}$/
/** Largest ABI, in characters of JSON. */
const maxAbiLength = 1024 * 1024

/** A book over a database that has the tables. */
export function createContractBook({ sql, nowMs, fixed, abis }: BookOptions): ContractBook {
  const standing = fixed.map((one) => ({ ...one, fixed: true }))
  const find = async (wanted: string) => {
    const known = standing.find(
      ({ name, address }) => name === wanted || address.toLowerCase() === wanted.toLowerCase(),
    )
    if (known) return known
    const isAddress = addressPattern.test(wanted)
    const column = isAddress ? 'address' : 'name'
    const value = isAddress ? wanted.toLowerCase() : wanted
    const row = await sql.get(
      `SELECT * FROM contracts WHERE ${column} = ? ORDER BY seq DESC LIMIT 1`,
      value,
    )
    if (row) return contractOf(row)
    return isAddress ? { address: wanted as Hex, abi: [] as Abi } : undefined
  }
  return {
    find,
    abis,
    async add({ name, address, abi }) {
      if (!namePattern.test(name)) throw bad(`"${name}" is no name of letters, digits, _ and -`)
      if (!addressPattern.test(address)) throw bad(`"${address}" is no address`)
      const checked = abiOf(abi)
      const before = await find(name)
      const text = JSON.stringify(checked)
      const lower = address.toLowerCase() as Hex
      const isSame = before?.address.toLowerCase() === lower && JSON.stringify(before.abi) === text
      if (before && !isSame) {
        const message = `the name "${name}" is taken by the contract ${before.address}; remove it first`
        throw new AppError({ code: 'workflow/name-taken', message })
      }
      if (before === undefined) {
        const into = 'INSERT INTO contracts (name, address, abi, created_at_ms) VALUES (?, ?, ?, ?)'
        await sql.run(into, name, lower, text, nowMs())
      }
      return { name, address: lower, abi: checked, fixed: false }
    },
    async remove(name) {
      if (standing.some((one) => one.name === name)) {
        const message = `"${name}" is a contract that the program was started with`
        throw new AppError({ code: 'workflow/fixed-contract', message })
      }
      return (await sql.run('DELETE FROM contracts WHERE name = ?', name)) > 0
    },
    async addresses() {
      const rows = await sql.all('SELECT name, address FROM contracts')
      return Object.fromEntries(rows.map(({ name, address }) => [name, address]))
    },
    async namesOf(session, address) {
      const select = 'SELECT name FROM contracts WHERE address = ? ORDER BY seq DESC'
      return (await session.all(select, address.toLowerCase())).map(({ name }) => String(name))
    },
    async list(query) {
      const select = 'SELECT * FROM contracts WHERE 1 = 1'
      const page = await sequencePage(sql, { ...query, select, read: contractOf })
      return query.cursor === undefined ? { ...page, items: [...standing, ...page.items] } : page
    },
  }
}

/**
 * An ABI from its JSON, or from a list of signatures such as `function balanceOf(address) view returns (uint256)`.
 *
 * @throws AppError `workflow/bad-abi`
 */
function abiOf(value: Json): Abi {
  const text = JSON.stringify(value ?? null)
  if (!Array.isArray(value) || text.length > maxAbiLength) {
    throw bad(`an ABI is a list of at most ${maxAbiLength} characters, of items or of signatures`)
  }
  if (value.every((item) => typeof item === 'string')) {
    try {
      return parseAbi(value as readonly string[]) as Abi
    } catch (cause) {
      throw bad((cause as Error).message.split('\n')[0] ?? '', cause)
    }
  }
  for (const [at, item] of value.entries()) {
    const type = (item as { readonly type?: Json } | null)?.type
    if (!kinds.includes(String(type))) throw bad(`item ${at} has the unknown type "${type}"`)
  }
  return value as unknown as Abi
}

const kinds = ['function', 'event', 'error', 'constructor', 'fallback', 'receive']

function contractOf(row: SqlRow): NamedContract {
  const abi = JSON.parse(String(row.abi)) as Abi
  return { name: String(row.name), address: String(row.address) as Hex, abi, fixed: false }
}

function bad(reason: string, cause?: unknown): AppError {
  return new AppError({
    code: 'workflow/bad-abi',
    message: `the contract cannot be taken: ${reason}`,
    cause,
  })
}
