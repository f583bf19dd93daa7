# shellcheck shell=bash
# Sourced before this scenario: three servers, each a cluster of one.
export LAB_SERVER=elasticsearch-7.17,elasticsearch-9.5,opensearch-3
