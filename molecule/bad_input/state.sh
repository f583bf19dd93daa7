#!/bin/sh
# What a run of the roles could have changed: packages, files, services, ports, firewall.
dpkg-query --show
find /etc /usr/local -type f -exec sha256sum {} + | sort -k 2
systemctl list-unit-files --no-legend --no-pager
ss --no-header --listening --tcp --numeric | awk '{ print $4 }' | sort
nft --stateless list ruleset 2>/dev/null || true
