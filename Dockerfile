# ouroboros serve, on a CPU. Models are kept in the volume; the default pair (1.6 GB) is pulled at the first start.
FROM node:20.20-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
COPY native ./native
# The image runs without a compiler: kernels for every instruction set of its architecture are made here.
RUN node scripts/build.mjs && node scripts/build-kernels.mjs --offline && npm prune --omit=dev --no-audit --no-fund
# For --share.
RUN npm install --no-save --save-prod --omit=dev --no-audit --no-fund "ioredis@$(node -p 'require("./package.json").peerDependencies.ioredis')"

FROM node:20.20-bookworm-slim
ENV NODE_ENV=production OUROBOROS_HOME=/models
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/kernels ./kernels
RUN mkdir /models && chown node:node /models
USER 1000
VOLUME /models
EXPOSE 8080
# The first start pulls the models: hence the long start period.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not reachable from outside the container without a key (OUROBOROS_API_KEY), unless --open is given.
ENTRYPOINT ["node", "dist/cli/main.js", "serve", "--host", "0.0.0.0"]
