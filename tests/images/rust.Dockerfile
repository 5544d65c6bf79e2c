# Stands in for rust:*-slim-bookworm: the machine's own toolchain, where that image has its.
FROM stand-in/debian
COPY bin /usr/local/rustup/toolchains/machine/bin
COPY lib /usr/local/rustup/toolchains/machine/lib
