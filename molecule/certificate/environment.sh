# shellcheck shell=bash
# Sourced before this scenario: it needs only hosts. Not in molecule.yml, because the lab that scenarios share is made with the settings of
# the scenario "default".
export LAB_SERVER=none
