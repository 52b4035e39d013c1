#!/bin/sh
# Builds host-sflow, which Debian does not have, from its source, and starts it in the place of the lab's exporter.
#   build-hsflowd.sh CONFIGURATION
set -eu
configuration=$1
# A commit, so that what is built stays what it is.
commit=2b48d1bc898827f66d23a0f9dbda3cc77fbff7fc
source=/usr/local/src/host-sflow
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates gcc git libc6-dev libnfnetlink-dev make
mkdir -p "$source"
cd "$source"
git init --quiet
git fetch --quiet --depth 1 https://github.com/sflow/host-sflow.git "$commit"
git checkout --quiet --force FETCH_HEAD
make FEATURES=NFLOG
make install FEATURES=NFLOG
make schedule
install -m 644 "$configuration" /etc/hsflowd.conf
systemctl restart hsflowd.service
