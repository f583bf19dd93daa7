# shellcheck shell=bash
# What pip installs on the client, from a directory, as its configuration says there. The client is a Debian 12.
tlsfront_wheels=$tlsfront_top/.ansible/continuous-check-wheels
rm -rf "$tlsfront_wheels"
pip_locked python download roles/continuous_check/files/requirements.lock --no-deps --implementation cp --python-version 3.11 \
  --platform "manylinux_2_28_$(uname -m)" --platform "manylinux2014_$(uname -m)" --platform any -d "$tlsfront_wheels"
export TLSFRONT_WHEELS=$tlsfront_wheels
# so that the sandbox of the service is in force
export LAB_CAPABILITIES=SYS_ADMIN
