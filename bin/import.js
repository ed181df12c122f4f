/** What `import … from 'quantumstream'` gives. */

import './node-version.js'

export const { connectChain, keySigner, remoteSigner, startNode } = await import(
  '../dist/node/library.js'
)
