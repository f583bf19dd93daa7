# shellcheck shell=bash
# Sourced before this scenario: it needs only hosts.
export LAB_SERVER=none
