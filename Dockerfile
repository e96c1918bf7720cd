# syntax=docker/dockerfile:1
# Three images from one build: what a pod gets (proxy, init) and what gives it to the pod (injector).
#   docker build --target proxy --build-arg COMMIT="$(git rev-parse HEAD)" -t sidecar-proxy .
#   docker buildx build --target proxy --platform linux/amd64,linux/arm64 …     compiled across, not emulated
# Built and run on one distribution: a binary needs at least the C library that it was linked with.
# Every image runs with a read-only root; none needs a volume of its own.

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
# The architecture of the images, in docker's word: amd64 or arm64. Given by --platform.
ARG TARGETARCH
WORKDIR /source
COPY tests/aot/packages.sh tests/aot/
RUN apt-get update \
    && apt-get install -y --no-install-recommends $(tests/aot/packages.sh "$TARGETARCH") \
    && rm -rf /var/lib/apt/lists/*
COPY . .
ARG COMMIT=unknown
# Ends with the version of what was built, which names the runtime inside; one compiled across cannot say it here.
RUN SIDECAR_COMMIT="$COMMIT" SIDECAR_ARCHITECTURE="$TARGETARCH" tests/aot/publish.sh \
    && if [ "$TARGETARCH" = "$(dpkg --print-architecture)" ]; then \
        for binary in proxy injector init; do "artifacts/bin/sidecar-$binary" --version || exit 1; done; \
    fi

# No shell, no package manager; certificates and time zones are in the base.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled AS proxy
ARG COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="sidecar-proxy" \
    org.opencontainers.image.description="The proxy that stands beside one application" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$COMMIT" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.base.name="mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled"
COPY --from=build /source/artifacts/bin/sidecar-proxy /usr/local/bin/sidecar-proxy
# By number, so that Kubernetes can verify runAsNonRoot, and what the redirect rules spare: ProxyIdentity.
USER 6102:6102
ENTRYPOINT ["/usr/local/bin/sidecar-proxy"]
CMD ["run", "--config", "/etc/sidecar/sidecar.yaml"]

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled AS injector
ARG COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="sidecar-injector" \
    org.opencontainers.image.description="Adds the proxy to pods at admission" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$COMMIT" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.base.name="mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled"
COPY --from=build /source/artifacts/bin/sidecar-injector /usr/local/bin/sidecar-injector
USER 6102:6102
ENTRYPOINT ["/usr/local/bin/sidecar-injector"]
CMD ["serve"]

# Writes a pod's redirect rules and ends. The only image with a shell, because nft and iptables come from a distribution;
# and the only one that is root, because Kubernetes gives capabilities to nobody else.
FROM ubuntu:24.04 AS init
ARG COMMIT=unknown
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="sidecar-init" \
    org.opencontainers.image.description="Writes the redirect rules of a pod" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$COMMIT" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.base.name="docker.io/library/ubuntu:24.04"
RUN apt-get update \
    && apt-get install -y --no-install-recommends nftables iptables \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /var/log/*
COPY --from=build /source/artifacts/bin/sidecar-init /usr/local/bin/sidecar-init
USER 0:0
ENTRYPOINT ["/usr/local/bin/sidecar-init"]
CMD ["apply"]
