/** Names what `import … from 'quantumstream'` gives. */

// biome-ignore-all lint/performance/noBarrelFile: a package has one entry, which only names what others hold
export { connectChain } from '../workflow/contract-client.ts'
export { keySigner, remoteSigner } from '../workflow/signers.ts'
export { startNode } from './node.ts'
