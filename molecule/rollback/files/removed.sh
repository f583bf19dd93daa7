#!/bin/sh
# Fails unless all that the role made is gone, and nothing else is.
set -eux
test ! -e /etc/tlsfront/front
test ! -e /etc/nginx/conf.d/tlsfront.conf
test ! -e /etc/systemd/system/nginx.service.d
test -e /etc/tlsfront/certificate/live/key.pem
grep -q 'worker_connections 768;$' /etc/nginx/nginx.conf
dpkg --verify nginx-common
nginx -t -q
