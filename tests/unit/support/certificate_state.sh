#!/bin/sh
# Says what stands in the directory $1, as YAML: read from the files themselves, with openssl.
# $2: a name that the certificate should have; $3: whom a client trusts, by default live/ca.pem
cd "$1" 2>/dev/null || { echo "tree: []"; exit 0; }
public() { openssl pkey "$@" -pubout -outform DER | sha256sum | cut -c1-64; }

echo "tree:"
find . -printf '%P|%y|%m|%u|%l\n' | sort | sed 's/^/  - "/; s/$/"/'
[ -e live ] || exit 0
echo "live: $(readlink live)"
echo "key: $(public -in live/key.pem)"
echo "of_certificate: $(openssl x509 -in live/chain.pem -noout -pubkey | public -pubin)"
echo "serial: '$(openssl x509 -in live/chain.pem -noout -serial | cut -d= -f2)'"
echo "names: '$(openssl x509 -in live/chain.pem -noout -ext subjectAltName | sed -n '2s/^ *//p')'"
echo "certificates: $(grep -c BEGIN live/chain.pem)"
echo "ends: $(date -d "$(openssl x509 -in live/chain.pem -noout -enddate | cut -d= -f2)" +%s)"
# what a client does: the CA in ca.pem and no other, the strict rules of RFC 5280, purpose and name
echo "trusted: $(grep -c BEGIN live/ca.pem 2>/dev/null)"
only="-no-CApath -no-CAstore"
case $(openssl version) in "OpenSSL 1."*) only=-no-CApath ;; esac
if [ -e live/ca.pem ]; then
  # shellcheck disable=SC2086 # several words
  echo "verified: '$(openssl verify -x509_strict $only -purpose sslserver -verify_hostname "$2" \
    -CAfile "${3:-live/ca.pem}" -untrusted live/chain.pem live/chain.pem 2>&1 | tail -1)'"
fi
