# The lab image from a registry. The other route to the same content is mmdebstrap.sh.
ARG BASE
FROM ${BASE}
ENV LANG=C.UTF-8
COPY packages.txt trim.sh /tmp/forklab/
RUN apt-get update -qq \
 && sed 's/#.*//' /tmp/forklab/packages.txt \
    | DEBIAN_FRONTEND=noninteractive xargs apt-get install -qq -y --no-install-recommends \
 && sh /tmp/forklab/trim.sh / \
 && rm -r /tmp/forklab
CMD ["python3"]
