# One lab to run by hand, without forklab: its reference program or yours, tini as PID 1, the tools to look at it.
#
# From a registry:       docker build -f docker/by-hand.Dockerfile --build-arg LAB=prefork -t forklab/by-hand:prefork .
# Without a network:     the same with --build-arg BASE=forklab/lab:latest --network none; `forklab images` makes that.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG LAB
COPY docker/packages.txt /tmp/
RUN command -v tini >/dev/null || { \
        apt-get update -qq \
        && sed 's/#.*//' /tmp/packages.txt \
           | DEBIAN_FRONTEND=noninteractive xargs apt-get install -qq -y --no-install-recommends \
        && rm -rf /var/lib/apt/lists/*; }
COPY docker/by-hand /usr/local/bin/
# a program that is a client talks to the echo server of the first lab
COPY labs/fork_echo/lab.toml labs/fork_echo/server.py /labs/fork_echo/
COPY labs/${LAB} /labs/${LAB}/
ENV LAB=${LAB} LANG=C.UTF-8 PYTHONUNBUFFERED=1
WORKDIR /work
# -s: where it shares the processes of another container, and is not PID 1, it reaps its own orphans
ENTRYPOINT ["tini", "-s", "--", "by-hand"]
CMD ["server"]
