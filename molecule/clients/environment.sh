# shellcheck shell=bash
# Sourced before this scenario: three servers, each a cluster of one. Not in molecule.yml, because the lab that scenarios share is made
# with the settings of the scenario "default".
export LAB_SERVER=elasticsearch-7.17,elasticsearch-9.5,opensearch-3
