#!/bin/sh
# test-candidate.sh FILE : would nginx accept FILE as /etc/nginx/conf.d/tlsfront.conf?
# A staging tree answers, in which everything is the host's own configuration, by links, and only that one file is the candidate.
# So a file that nginx refuses is never where a restart could find it. Nothing is left behind.
set -eu
ours=tlsfront.conf
rm -rf /etc/nginx/.tlsfront-candidate-* # of a test that was killed
stage=$(mktemp -d /etc/nginx/.tlsfront-candidate-XXXXXX)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/conf.d"

for entry in /etc/nginx/*; do
    case $entry in */conf.d | */nginx.conf) continue ;; esac
    ln -s "$entry" "$stage/"
done
for entry in /etc/nginx/conf.d/*.conf; do
    if [ -e "$entry" ] && [ "${entry##*/}" != "$ours" ]; then ln -s "$entry" "$stage/conf.d/"; fi
done
cp "$1" "$stage/conf.d/$ours"
sed "s#/etc/nginx/conf\.d/#$stage/conf.d/#g" /etc/nginx/nginx.conf >"$stage/nginx.conf"

# -T is -t that also prints what was read: the candidate must be part of it
if ! read=$(nginx -T -q -c "$stage/nginx.conf" 2>&1); then
    printf '%s\n' "$read" | sed "s#$stage/#/etc/nginx/#g" >&2
    exit 1
fi
case $read in
    *"# configuration file $stage/conf.d/$ours:"*) ;;
    *)
        echo "/etc/nginx/nginx.conf does not include conf.d/*.conf inside http { }: add 'include /etc/nginx/conf.d/*.conf;' there" >&2
        exit 1
        ;;
esac
