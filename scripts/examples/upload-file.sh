#!/bin/sh
# Posts each file to a web address, as a form's field `file`. In a dataset's YAML:
#
#   COMMAND: scripts/examples/upload-file.sh
#   ENV: { UPLOAD_URL: https://example.org/api/upload/sales, UPLOAD_TOKEN: "${UPLOAD_TOKEN}" }
#
# Arguments: folder (ending in /), action, file name, config file. UPLOAD_TOKEN, optional, goes into the header x-access-token.
# Exit codes: 0 uploaded · 65 refused for good (HTTP 4xx) · 75 the server is away (no connection, HTTP 408, 429, 5xx).
set -u

path=$1$3
action=$2
name=$3
: "${UPLOAD_URL:?is not set: name the address to post to under ENV}"

if [ "$action" = delete ]; then
  echo "$name is gone; there is nothing to upload"
  exit 0
fi

# The name must not end curl's form field early.
quoted=$(printf '%s' "$path" | sed 's/["\\]/\\&/g')

# The token goes in by a file, not as an argument, where every user could read it. 000 stands for no answer at all.
status=$(
  printf '%s' "${UPLOAD_TOKEN:+header = \"x-access-token: $UPLOAD_TOKEN\"}" |
    curl --config - --silent --show-error --fail --output /dev/null --write-out '%{http_code}' \
      --connect-timeout 10 --retry 3 --retry-delay 1 --retry-connrefused \
      --form "file=@\"$quoted\"" "$UPLOAD_URL"
)
code=$?
echo "posted $name to $UPLOAD_URL: HTTP ${status:-000}"

case "$code:$status" in
  0:*) exit 0 ;;
  22:408 | 22:429 | 22:5*) exit 75 ;;
  22:*) exit 65 ;;
  6:* | 7:* | 28:* | 35:* | 52:* | 55:* | 56:*) exit 75 ;;
  *) exit "$code" ;;
esac
