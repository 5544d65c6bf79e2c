# Pressroom as one image; the command chooses the part:
#   docker run pressroom api | worker --queue heavy | reaper | flower | migrate | render ...
# It needs BuildKit, and no newer syntax than the one that Docker 20.10 has built in. `make image` builds it.
ARG BASE_IMAGE=python:3.11-slim-bookworm
ARG RUST_IMAGE=rust:1.88-slim-bookworm

FROM ${RUST_IMAGE} AS rust

# What only building needs.
FROM ${BASE_IMAGE} AS tools
ARG UV_VERSION=0.13.9
ENV PIP_CACHE_DIR=/var/cache/pip UV_CACHE_DIR=/var/cache/uv
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null
RUN --mount=type=cache,target=/var/cache/pip \
    pip install --quiet --disable-pip-version-check --root-user-action=ignore uv==${UV_VERSION}
# Hashed bytecode is the same whenever it is compiled, and is never looked up against its source again.
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 PYC_INVALIDATION_MODE=UNCHECKED_HASH
WORKDIR /src

# The locked packages without Pressroom: made anew when pyproject.toml or uv.lock change, not with the source.
FROM tools AS packages
ENV UV_PROJECT_ENVIRONMENT=/opt/pressroom
RUN --mount=type=cache,target=/var/cache/uv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    uv sync --quiet --locked --no-dev --no-install-project \
    && find /opt/pressroom -name '*.so*' -type f -exec strip --strip-unneeded {} + \
    && find /opt/pressroom -depth -type d \( -name test -o -name tests \) -exec rm -r {} + \
    && find /opt/pressroom \( -name '*.c' -o -name '*.h' -o -name '*.pyx' -o -name '*.pxd' \) -delete

# Pressroom's wheel. Crates stay compiled in the cache mounts, apart from the source.
FROM tools AS wheel
ENV UV_PROJECT_ENVIRONMENT=/opt/maturin CARGO_HOME=/var/cache/cargo CARGO_TARGET_DIR=/var/cache/target
RUN --mount=type=cache,target=/var/cache/uv \
    --mount=type=bind,source=pyproject.toml,target=pyproject.toml \
    --mount=type=bind,source=uv.lock,target=uv.lock \
    uv sync --quiet --locked --only-group build --no-install-project
COPY pyproject.toml Cargo.toml Cargo.lock README.md LICENSE ./
COPY rust_core rust_core
COPY api api
COPY worker worker
COPY pressroom pressroom
ARG SOURCE_DATE_EPOCH
# Cargo goes by the times of files, and what another checkout has left in the cache may be newer than this one's: sources
# take the time at which the cache met them.
RUN --mount=type=bind,from=rust,source=/usr/local,target=/opt/rust \
    --mount=type=cache,target=/var/cache/cargo --mount=type=cache,target=/var/cache/target,sharing=locked \
    find Cargo.* rust_core -type f | sort | xargs sha256sum >/tmp/sources && cd /var/cache/target \
    && { cmp -s /tmp/sources sources || cp /tmp/sources sources; } \
    && cd /src && find Cargo.* rust_core -type f -exec touch -r /var/cache/target/sources {} + \
    && PATH="$(echo /opt/rust/rustup/toolchains/*/bin):/opt/maturin/bin:$PATH" \
    maturin build --release --locked --strip --compatibility linux --out /wheels

FROM ${BASE_IMAGE}
RUN --mount=type=bind,source=scripts/system-libraries,target=/mnt/system-libraries \
    --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    /mnt/system-libraries image && fc-cache --force && rm -rf /var/log/*.log /var/log/apt \
    && groupadd --gid 10001 pressroom \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin pressroom \
    && install -d -o pressroom -g pressroom /data
COPY --from=packages /opt/pressroom /opt/pressroom
RUN --mount=type=bind,from=tools,source=/usr/local/bin/uv,target=/mnt/uv \
    --mount=type=bind,from=wheel,source=/wheels,target=/mnt/wheels \
    PYC_INVALIDATION_MODE=UNCHECKED_HASH /mnt/uv pip install --quiet --no-cache --no-deps --compile-bytecode \
    --python /opt/pressroom/bin/python /mnt/wheels/*.whl
COPY examples /opt/reports

ENV PATH=/opt/pressroom/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    PRESSROOM_DATA_DIR=/data PRESSROOM_REPORT_DIRS=/reports:/opt/reports PRESSROOM_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 5555
HEALTHCHECK --interval=30s --timeout=20s --start-period=2m CMD ["pressroom", "health"]
ENTRYPOINT ["tini", "--", "pressroom"]
CMD ["--help"]

ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Pressroom" \
      org.opencontainers.image.description="Massive PDF and XLSX reports from a job queue" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
