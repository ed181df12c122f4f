/** Compiles each kernel and writes it as a TypeScript module, so that a room loads it without file access. */

import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { takeNoOptions } from './command-options.ts'

takeNoOptions('usage: npm run build:kernels: compiles kernel/ into the modules *-wasm.gen.ts')

interface Kernel {
  /** Where its source begins. */
  readonly entry: string
  /** The module of the room that calls it. */
  readonly module: string
  /** Further flags of the compiler. */
  readonly flags?: readonly string[]
}

const kernels: readonly Kernel[] = [
  {
    entry: 'kernel/evm/exports.ts',
    module: 'src/chain/evm/kernel/kernel-wasm.gen.ts',
    // All fixed regions of kernel/evm/layout.ts, and 517 MiB for the memory of frames; only touched pages cost memory.
    flags: ['--initialMemory', '14592', '--maximumMemory', '22784'],
  },
  { entry: 'kernel/blake2b/exports.ts', module: 'src/crypto/blake2b-wasm.gen.ts' },
  { entry: 'kernel/curves/exports.ts', module: 'src/crypto/curves/curves-wasm.gen.ts' },
  { entry: 'kernel/keccak/exports.ts', module: 'src/crypto/keccak-wasm.gen.ts' },
  { entry: 'kernel/trie/exports.ts', module: 'src/chain/state/trie-wasm.gen.ts' },
  { entry: 'kernel/trie/list-root.ts', module: 'src/chain/state/list-root-wasm.gen.ts' },
]

const flags = [
  ...['--runtime', 'stub', '--use', 'abort=', '--noAssert', '-O3', '--converge'],
  ...['--enable', 'simd,bulk-memory', '--memoryBase', '1024'],
]

const root = path.join(import.meta.dirname, '..')
const cache = path.join(root, 'node_modules/.cache')
const compiler = path.join(root, 'node_modules/assemblyscript/bin/asc.js')

async function build({ entry, module, flags: more = [] }: Kernel): Promise<void> {
  const wasmFile = path.join(cache, `${module.replaceAll('/', '-')}.wasm`)
  const command = [compiler, entry, '-o', wasmFile, ...flags, ...more]
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${entry}: the compiler stopped with ${status}`)
  const wasm = await readFile(wasmFile)
  const head = '/** Holds a compiled kernel, written by `npm run build:kernels` and not edited. */'
  const body = `export const kernelWasmBase64 =\n  '${wasm.toString('base64')}'`
  await mkdir(path.dirname(path.join(root, module)), { recursive: true })
  await writeFile(path.join(root, module), `${head}\n\n${body}\n`)
  console.log(`${module}: ${wasm.length} bytes of wasm`)
}

await mkdir(cache, { recursive: true })
for (const kernel of kernels) await build(kernel)
