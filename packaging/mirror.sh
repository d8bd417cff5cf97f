#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Prints the mirror of Debian 12 that this machine already uses, so that a local one is respected.
set -euo pipefail

# shellcheck disable=SC2016  # expanded by apt
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' 'Component: main' \
  2>/dev/null | head -n 1)
if [ -z "$uri" ]; then
  echo "apt knows no archive of Debian 12 here: is it in the sources, and was apt-get update run?" >&2
  exit 1
fi
echo "$uri"
