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
COPY scripts/migrate.ts scripts/migrate.ts
RUN mkdir /data && chown node /data
USER node
ENTRYPOINT ["node"]
CMD ["api/main.ts"]
