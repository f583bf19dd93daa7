# shellcheck shell=bash
# Sourced before this scenario, after tests/environment.sh.
#   TLSFRONT_GCE=real   runs it in your project, with application default credentials: TLSFRONT_GCE_PROJECT, TLSFRONT_GCE_ZONE, and
#                       TLSFRONT_GCE_CONTROLLER, the network that Ansible comes from, such as 198.51.100.7/32.
#                       Without it, nothing leaves this machine.
. "$tlsfront_top/tests/cloud/environment.sh"
example=$tlsfront_top/docs/examples/inventories/gce

if [ "${TLSFRONT_GCE:-}" = real ]; then
  : "${TLSFRONT_GCE_PROJECT:?TLSFRONT_GCE is real: name the project}" "${TLSFRONT_GCE_ZONE:?TLSFRONT_GCE is real: name the zone}" \
    "${TLSFRONT_GCE_CONTROLLER:?TLSFRONT_GCE is real: name the network that Ansible comes from}"
  export TLSFRONT_GCE TLSFRONT_GCE_PROJECT TLSFRONT_GCE_ZONE TLSFRONT_GCE_CONTROLLER
  export TLSFRONT_GCE_NODES=$tlsfront_top/molecule/gce/real
  export TLSFRONT_GCE_INVENTORY=$MOLECULE_EPHEMERAL_DIRECTORY/inventory
  mkdir -p "$TLSFRONT_GCE_INVENTORY"
  sed "s/my-project/$TLSFRONT_GCE_PROJECT/; s/^hostnames: .*/hostnames: [name]/" "$example"/*.yml >"$TLSFRONT_GCE_INVENTORY/elasticsearch.gcp_compute.yml"
else
  export TLSFRONT_GCE=emulated TLSFRONT_GCE_PROJECT=my-project TLSFRONT_GCE_ZONE=europe-west1-b
  export TLSFRONT_GCE_NODES=$tlsfront_top/tests/lab/inventory
  # the lab's hosts that stand for the instances have their names; tests/cloud asks the example for those that it gives
  export TLSFRONT_GCE_INVENTORY=$MOLECULE_EPHEMERAL_DIRECTORY/inventory
  mkdir -p "$TLSFRONT_GCE_INVENTORY"
  sed "s/^hostnames: .*/hostnames: [name]/" "$example"/*.yml >"$TLSFRONT_GCE_INVENTORY/elasticsearch.gcp_compute.yml"
  # what stands for the instances needs no server
  export LAB_SERVER=none
  # while there is still a way out of this machine
  LAB_RELEASES=${LAB_RELEASES:-each} env -u PYTHONPATH "$tlsfront_top/tests/lab/prepare" >/dev/null
  port=$((19600 + ${LAB_NET:-40}))
  cloud_emulate "$port" "$cloud_tests/compute.py" "$CLOUD_DISCOVERY" "$MOLECULE_EPHEMERAL_DIRECTORY" "$port"
  export TLSFRONT_GCE_STEER=http://127.0.0.1:$port
  # the only way to Google's names, verified by the emulation's own CA and by nothing else
  unset NO_PROXY no_proxy GCP_ACCESS_TOKEN GCP_SERVICE_ACCOUNT_CONTENTS GCP_SERVICE_ACCOUNT_EMAIL GCP_SERVICE_ACCOUNT_FILE GCP_SCOPES
  export HTTPS_PROXY=$TLSFRONT_GCE_STEER https_proxy=$TLSFRONT_GCE_STEER
  export REQUESTS_CA_BUNDLE=$MOLECULE_EPHEMERAL_DIRECTORY/ca.pem
  # credentials of nobody
  export GOOGLE_APPLICATION_CREDENTIALS=$MOLECULE_EPHEMERAL_DIRECTORY/credentials.json
  export CLOUDSDK_CONFIG=/dev/null NO_GCE_CHECK=true
fi
