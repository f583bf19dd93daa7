# shellcheck shell=bash
# Sourced before this scenario, after tests/environment.sh.
#   TLSFRONT_EC2=real   runs it in your account, see docs/cloud.md; without it, everything stays on this machine
. "$tlsfront_top/tests/cloud/environment.sh"
once "cloud-imds-$(cloud_key "$cloud_tests/go.lock" "$cloud_tests/imds/go.sum")" make_cloud_imds
export cloud_metadata_server=$once_dir/ec2-metadata-mock

if [ "${TLSFRONT_EC2:-}" != real ]; then
  # nothing that the user has can reach a real account from here
  unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE
  export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
  export AWS_ACCESS_KEY_ID=emulated AWS_SECRET_ACCESS_KEY=emulated AWS_DEFAULT_REGION=eu-central-1
  port=$((19500 + ${LAB_NET:-40}))
  export AWS_ENDPOINT_URL=http://127.0.0.1:$port
  cloud_emulate "$port" "$cloud_tests/ec2.py" "$port"
elif [ -n "${AWS_ENDPOINT_URL:-}" ]; then
  echo "TLSFRONT_EC2 is real, but AWS_ENDPOINT_URL is set: unset one of them." >&2
  return 1
fi
