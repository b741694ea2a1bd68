FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts
COPY tsconfig.json ./
COPY ports ports
COPY workflows workflows
COPY activities activities
COPY agents agents
COPY adapters adapters
COPY workers workers
COPY api api
COPY portals portals
COPY scripts/migrate.ts scripts/vault-init.ts scripts/
COPY scripts/lib/say.ts scripts/lib/until.ts scripts/lib/vault-ask.ts scripts/lib/vault-setup.ts scripts/lib/
COPY scripts/vault/policies scripts/vault/policies
RUN mkdir /data && chown node /data
USER node
ENTRYPOINT ["node"]
CMD ["api/main.ts"]
