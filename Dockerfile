# The server (docs/server.md). Build: docker build -t cosal-server .
# A GPU is reached through Vulkan: run with the NVIDIA container toolkit, or with --device /dev/dri.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /cosal
COPY package.json package-lock.json .npmrc ./
COPY scripts/runtimes/package.json scripts/runtimes/
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /cosal
COPY package.json package-lock.json .npmrc ./
COPY scripts/runtimes/package.json scripts/runtimes/
# Node comes with the image; onnxruntime's other systems are 200 MB.
RUN npm ci --omit=dev \
  && rm -rf node_modules/cosal-runtimes node_modules/node-linux-* node_modules/node-bin-* \
  && find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 2 -type d ! -name linux \
    -exec rm -rf {} + \
  && npm cache clean --force

FROM node:24.21.0-bookworm-slim
# libvulkan1: Dawn loads it; the driver's own part comes from the host. Debian keeps one version of a
# package in a release, so pinning it would only break the build with the next security update.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libvulkan1 \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /data
WORKDIR /cosal
COPY --from=packages /cosal/node_modules ./node_modules
COPY --from=build /cosal/dist ./dist
COPY package.json LICENSE ./
COPY models ./models

ENV NODE_ENV=production HOST=0.0.0.0 PORT=8788 COSAL_DATA=/data \
  NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility
USER node
VOLUME /data
EXPOSE 8788
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/server/main.js"]
