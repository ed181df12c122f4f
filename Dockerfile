# One image for every node: `docker compose up` starts four validators of one chain (docs/operations.md).
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY . .
# The console and the kernels are built by `npm ci`; what only building needs is left behind with this stage.
RUN npm ci --no-audit --no-fund \
 && npm run build:dist \
 && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:26-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
COPY --from=build /app/docs/openapi.json /app/docs/openrpc.json ./docs/
COPY --from=build /app/examples ./examples
COPY --from=build /app/ui/dist ./ui/dist
COPY --from=build /app/docker/found.sh /app/docker/healthy.js ./docker/
RUN ln -s /app/bin/quantumstream.js /usr/local/bin/quantumstream \
 && mkdir -p /data /keys /chain \
 && chown node:node /data /keys /chain
USER node
WORKDIR /data
VOLUME ["/data", "/keys", "/chain"]
# Links of other nodes; JSON-RPC and API listen on the loopback address of the container only.
EXPOSE 30400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/app/docker/healthy.js"]
ENTRYPOINT ["quantumstream"]
CMD ["--help"]
