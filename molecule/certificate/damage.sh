#!/bin/sh
# Damages the certificate in the directory $1 in one of three ways, $2
set -eu
cd "$1"
case $2 in
  0) # the key of another certificate
    openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out live/key.pem
    ;;
  1) # a key that everybody can read, a CA that nobody can
    chmod 644 live/key.pem
    echo damaged >live/ca.pem
    ;;
  2) # a run that was cut off before the new pair became current, at the very first time
    rm live about.txt
    mkdir versions/new
    echo damaged >versions/new/key.pem
    ;;
esac
