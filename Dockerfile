# syntax=docker/dockerfile:1
# docker build --target proxy --build-arg COMMIT="$(git rev-parse HEAD)" -t sidecar-proxy .
# Built and run on one distribution: a binary needs at least the C library that it was linked with.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends clang zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ARG COMMIT=unknown
RUN SIDECAR_COMMIT="$COMMIT" tests/aot/publish.sh

# No shell, no package manager; certificates and time zones are in the base.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled AS proxy
COPY --from=build /source/artifacts/bin/sidecar-proxy /usr/local/bin/sidecar-proxy
# By number, so that Kubernetes can verify runAsNonRoot; the same in every image of ours.
USER 6102:6102
ENTRYPOINT ["sidecar-proxy"]
CMD ["run", "--config", "/etc/sidecar/sidecar.yaml"]
