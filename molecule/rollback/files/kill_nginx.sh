#!/bin/sh
# kill_nginx.sh arm|fired : all of nginx is killed as soon as another configuration is live; did it happen?
set -eu
case $1 in
    arm)
        systemd-run --quiet --collect --unit=killer sh -c '
            while cmp -s /etc/nginx/conf.d/tlsfront.conf /etc/tlsfront/front/proved/tlsfront.conf; do sleep 0.02; done
            systemctl kill --signal=KILL nginx && touch /run/killer.fired'
        ;;
    fired) rm /run/killer.fired ;;
esac
