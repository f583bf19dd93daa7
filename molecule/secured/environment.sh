# shellcheck shell=bash
# Sourced before this scenario: a cluster that speaks https itself and wants a login.
export LAB_SERVER=${LAB_SERVER:-opensearch-security}
