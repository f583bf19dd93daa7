# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Of systemd only what the modules ask for: a shell script that does what the unit files say. The scenarios of Molecule do the same with systemd itself."""

from __future__ import annotations

__all__ = ["SYSTEMCTL"]

SYSTEMCTL = r"""#!/bin/sh
# systemctl COMMAND [OPTION...] UNIT..., of systemctl(1); and: fire, which lets the timer elapse, and boot.
# What is in units/ is on the disk; in loaded/ is what systemd has read of it: what has changed since counts after daemon-reload only.
cd "$(dirname "$0")"
fails() { echo "$1" >&2; exit 1; }
load() { for part in "$1" "$1.d"; do [ -e "loaded/$part" ] || [ ! -e "units/$part" ] || cp -r "units/$part" loaded/; done; }
start() {
  load "$1"
  [ -e "loaded/$1" ] || fails "no $1"
  [ ! -e "active/$1" ] || return 0
  sed -n 's/^ConditionPathExists=//p' "loaded/$1" | while read -r path; do [ -e "$path" ] || exit 1; done || return 0
  sed -n 's/^ExecStart=//p' "loaded/$1" | while read -r command; do $command || exit 1; done || fails "$1 failed"
  ! grep -q '^RemainAfterExit=yes' "loaded/$1" || touch "active/$1"
}
show() {
  load "$1"
  if [ -e "loaded/$1" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi
  if [ -e "active/$1" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
  if [ -e "units/sysinit.target.wants/$1" ]; then echo UnitFileState=enabled; else echo UnitFileState=; fi
  reload=no
  for part in "$1" "$1.d"; do
    if [ -e "loaded/$part" ] && ! diff -rq "loaded/$part" "units/$part" >/dev/null 2>&1; then reload=yes; fi
  done
  echo "NeedDaemonReload=$reload"
  echo "FragmentPath=$PWD/units/$1"
  echo
}
command=$1
shift
for unit; do :; done
case $command in
  daemon-reload) rm -rf loaded; cp -r units loaded ;;
  enable) [ -e "units/$unit" ] || fails "no $unit"; mkdir -p units/sysinit.target.wants; ln -sf "../$unit" "units/sysinit.target.wants/$unit" ;;
  disable) rm "units/sysinit.target.wants/$unit" ;;
  show) for unit; do case $unit in --*) ;; *) show "$unit" ;; esac; done ;;
  restart) load "$unit"; [ -e "loaded/$unit" ] || fails "no $unit"; touch "active/$unit" ;;
  stop) load "$unit"; [ -e "loaded/$unit" ] || fails "$unit not loaded"; rm -f "active/$unit" ;;
  start) start "$unit" ;;
  fire) if [ -e active/tlsfront-firewall-revert.timer ]; then rm active/*.timer; start tlsfront-firewall-revert.service; fi ;;
  boot)
    rm -rf loaded; mkdir loaded
    for link in units/*.wants/*; do [ ! -e "$link" ] || start "${link##*/}"; done ;;
  *) fails "$command?" ;;
esac
"""
