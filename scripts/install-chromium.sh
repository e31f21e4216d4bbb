#!/usr/bin/env bash
# Chromium for `npm run test:parity`: a browser, and SwiftShader, WebGPU's stand-in for a GPU. From
# the distribution's packages (Debian, Ubuntu's own is a snap that brings no driver); needs root.
set -euo pipefail
command -v chromium >/dev/null && exit 0
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
