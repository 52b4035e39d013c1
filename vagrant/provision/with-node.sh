#!/bin/sh
# Runs a program of the project by the Node.js that came with it; a word @FILE stands for what is in FILE.
#   with-node.sh lab/PROGRAM.ts [WORD | @FILE]...
set -eu
ROOT=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
NODE=
# shellcheck source=bin/find-node
. "$ROOT/bin/find-node"
program=$1
shift
count=$#
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  case $word in @*) word=$(cat "${word#@}") ;; esac
  set -- "$@" "$word"
  count=$((count - 1))
done
exec "$NODE" "$ROOT/$program" "$@"
