# Only copies what `npm run build` made: two self-contained bundles and what they are made of, no node_modules. Any base with Node 24 at /nodejs/bin/node will do.
ARG BASE=gcr.io/distroless/nodejs24-debian12:nonroot
FROM ${BASE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="meili-operator" \
      org.opencontainers.image.description="Kubernetes operator for Meilisearch instances and snapshots" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT"
COPY dist/operator.js dist/mover.js dist/sbom.cdx.json dist/third-party-licenses.txt LICENSE /app/
USER 65532:65532
# Memory is what a neighbour pays for: one malloc arena for all threads that gives back what is free, a small young generation, an old one bounded by
# the container's limit, and no optimizing compilers: they cost more memory than they save time. docs/decisions/0007 has the figures.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
# A mover is the same image with the command ["/nodejs/bin/node", "/app/mover.js"].
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=1", "--max-old-space-size-percentage=60", "--liftoff-only", "--no-opt", "--expose-gc", "/app/operator.js"]
