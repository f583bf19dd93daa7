# shellcheck shell=bash
# What the controller, a Debian 12, gets: wheels, the collection as it is published, and the one that it depends on. Galaxy, which would give that by
# itself, cannot be had wherever the tests run: its artifact is built of what the wheel of all collections has of it.
export TLSFRONT_ARTIFACT=$tlsfront_top/.ansible/artifact-${LAB_NET:-40}
rm -rf "$TLSFRONT_ARTIFACT"
pip_locked python download tests/artifact/controller.lock --no-deps --implementation cp --python-version 3.11 \
  --platform "manylinux_2_28_$(uname -m)" --platform "manylinux2014_$(uname -m)" --platform any -d "$TLSFRONT_ARTIFACT/wheels"
tests/artifact/build "$TLSFRONT_ARTIFACT/collections"
cp -r "$tlsfront_collections/ansible_collections/community/crypto" "$TLSFRONT_ARTIFACT/crypto"
(
  cd "$TLSFRONT_ARTIFACT/crypto"
  python -c 'import json; print(json.dumps(json.load(open("MANIFEST.json"))["collection_info"]))' >galaxy.yml
  ansible-galaxy collection build --output-path "$TLSFRONT_ARTIFACT/collections"
)
