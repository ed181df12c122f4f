/** What `import … from 'quantumstream/finality'` gives. */

import './node-version.js'

export const { verifyFinality } = await import('../dist/rpc/finality-proof.js')
