/** Stops an import under a Node that is too old, instead of letting it fail within. */

const major = Number(process.versions.node.split('.')[0])
if (major < 26) {
  throw new Error(
    `quantumstream is imported by Node ${process.versions.node} and needs Node 26: run the program by node_modules/.bin/node, which came with the package`,
  )
}
