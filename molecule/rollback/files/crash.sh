#!/bin/sh
# crash.sh arm|crash|disarm : while dpkg unpacks nginx, all that the run of Ansible has on this host is killed, so that none of it puts anything in order
set -eu
case $1 in
    arm)
        install -m 0755 "$0" /run/crash.sh
        echo 'status-logger=/run/crash.sh crash' >/etc/dpkg/dpkg.cfg.d/crash
        ;;
    crash)
        while read -r line; do
            case $line in *nginx*half-installed) break ;; esac
        done
        case ${line:-} in *nginx*half-installed) ;; *) exit 0 ;; esac
        pid=$PPID
        kill -STOP "$pid" # at once: dpkg goes on while its parents are looked for
        while [ "$pid" -gt 1 ] && ! grep -q '^sshd' "/proc/$pid/comm"; do
            above=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
            kill -STOP "$pid"
            doomed="${doomed:-} $pid"
            pid=$above
        done
        touch /run/crash.fired
        # shellcheck disable=SC2086
        kill -KILL $doomed
        ;;
    disarm)
        rm /etc/dpkg/dpkg.cfg.d/crash /run/crash.sh
        rm /run/crash.fired
        test -n "$(dpkg --audit)"
        ;;
esac
