#!/bin/sh
# crash.sh arm|crash|disarm : while dpkg unpacks nginx, all that the run of Ansible has on this host is killed, so that none of it puts anything in order
set -eu
case $1 in
    arm)
        install -m 0755 "$0" /run/crash.sh
        mv /usr/bin/dpkg-deb /usr/bin/dpkg-deb.packaged
        # dpkg calls it for the files of a package when it has noted that this is half installed, and waits
        cat >/usr/bin/dpkg-deb <<'EOF'
#!/bin/sh
case $* in *--fsys-tarfile*nginx*) /run/crash.sh crash ;; esac
exec dpkg-deb.packaged "$@"
EOF
        chmod 0755 /usr/bin/dpkg-deb
        ;;
    crash)
        pid=$PPID
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
        mv /usr/bin/dpkg-deb.packaged /usr/bin/dpkg-deb
        rm /run/crash.sh
        rm /run/crash.fired
        test -n "$(dpkg --audit)"
        ;;
esac
