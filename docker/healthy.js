// Ends with 0 while the node of this container says that it is ready.
const port = process.env.QS_API_PORT ?? '4000'
const isReady = await fetch(`http://127.0.0.1:${port}/readyz`, {
  signal: AbortSignal.timeout(4_000),
}).then(
  ({ ok }) => ok,
  () => false,
)
process.exit(isReady ? 0 : 1)
