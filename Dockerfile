# A worker: `docker build -t threadmill .`, then `docker run threadmill` (see docker-compose.yml and deploy/kubernetes).
# slim, not alpine: Temporal's native module needs glibc.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
# The native module comes for five platforms, 25 MB each; here one is enough.
RUN npm run build && npm prune --omit=dev && npm cache clean --force && \
    find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:24-slim
# The native module takes its certificate authorities from the system (TLS to a managed cluster).
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
# A container is a machine of its own: its metrics collide with nobody's, and the health check asks for them.
ENV NODE_ENV=production THREADMILL_METRICS_ADDRESS=127.0.0.1:9464
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY deploy/health.mjs /app/health.mjs
USER node
# Healthy: it polls its task queue.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["node", "/app/health.mjs"]
ENTRYPOINT ["node", "/app/dist/client.js"]
CMD ["worker"]
