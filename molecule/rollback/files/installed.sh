#!/bin/sh
# Fails unless what an installation puts aside for its time is back, also after one that was cut off.
set -eux
test ! -e /usr/sbin/policy-rc.d
test ! -e /etc/tlsfront/front/installing
test ! -e /run/systemd/system/nginx.service.d/tlsfront-install.conf
test -z "$(dpkg --audit)"
test -z "$(ss --no-header --listening --tcp 'sport = :80')" || test -e /etc/nginx/sites-enabled/other
