#!/bin/sh
# escape.sh FILE: tries to do what the service must not be able to, and writes into FILE what it could.
exec 2>/dev/null >"$1"
for place in / /etc /usr /usr/local/lib/tlsfront-continuous-check /etc/tlsfront-continuous-check /var/lib /var/lib/prometheus/node-exporter /home /root \
  /run /run/lock /dev/shm /var/log; do
  if (: >"$place/escaped"); then echo "writes to $place"; fi
done
# a directory of its own, which nobody else sees
: >/tmp/escaped
: >/var/tmp/escaped
if [ -r /etc/tlsfront-continuous-check/login.json ]; then echo "reads root's file"; fi
if [ -r "$CREDENTIALS_DIRECTORY/login.json" ]; then echo "reads its login"; fi
if ls /home/* /root/*; then echo "looks into homes"; fi
if [ -r /proc/1/cmdline ]; then echo "sees others' processes"; fi
if ip link add escaped type dummy || mount -t tmpfs none /mnt || unshare --user true; then echo "has rights"; fi
echo end
