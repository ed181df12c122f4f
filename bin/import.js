/** What `import … from 'quantumstream'` gives. */

import './node-version.js'

export const { startNode } = await import('../dist/node/node.js')
