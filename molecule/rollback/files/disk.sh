#!/bin/sh
# disk.sh fill|empty : the file system that has /etc/nginx/conf.d is full
set -eu
case $1 in
    fill)
        cp -a /etc/nginx/conf.d /dev/shm/conf.d
        mv /etc/nginx/conf.d /etc/nginx/conf.d-of-the-attempt
        ln -s /dev/shm/conf.d /etc/nginx/conf.d
        cat /dev/zero >/dev/shm/full 2>/dev/null || true
        ;;
    empty)
        rm /dev/shm/full
        rm /etc/nginx/conf.d
        mv /etc/nginx/conf.d-of-the-attempt /etc/nginx/conf.d
        cmp /dev/shm/conf.d/tlsfront.conf /etc/nginx/conf.d/tlsfront.conf
        test "$(ls -A /dev/shm/conf.d)" = "$(ls -A /etc/nginx/conf.d)"
        rm -r /dev/shm/conf.d
        ;;
esac
