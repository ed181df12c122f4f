/** What `import … from 'quantumstream/proof'` gives. */

import './node-version.js'

export const { verifyTransactionProof } = await import('../dist/rpc/transaction-proof.js')
