#!/bin/sh
# curl. Told where to go, and whom to trust (CURL_CA_BUNDLE), by /etc/tlsfront/client/elasticsearch.env.
set -eu
index=example-$$-$(date +%s)

# ask METHOD PATH [curl's options]: the answer; an error of TLS or HTTP ends the script
ask() {
  method=$1 path=$2
  shift 2
  curl --fail --silent --show-error --proto =https --request "$method" --header 'Content-Type: application/json' "$@" "$ELASTICSEARCH_URL$path"
}

# hits: how many the answer on standard input has
hits() { grep -o '"_id":' | wc -l; }

seq 0 999 | sed 's/.*/{"index":{}}\n{"number":&}/' | ask POST "/$index/_bulk?refresh=true&filter_path=items.index.status" --data-binary @- >/tmp/$index
indexed=$(grep -o '"status":201' /tmp/$index | wc -l)
found=$(ask POST "/$index/_count?filter_path=count" --data '{"query":{"range":{"number":{"lt":500}}}}' | tr -dc 0-9)

page=$(ask POST "/$index/_search?scroll=1m" --data '{"size":250}')
scrolled=0
while count=$(echo "$page" | hits) && [ "$count" -gt 0 ]; do
  scrolled=$((scrolled + count))
  id=$(echo "$page" | sed 's/.*"_scroll_id":"\([^"]*\)".*/\1/')
  page=$(ask POST "/_search/scroll" --data "{\"scroll\":\"1m\",\"scroll_id\":\"$id\"}")
done

ask DELETE "/$index" >/dev/null
rm /tmp/$index
echo "{\"indexed\": $indexed, \"found\": $found, \"scrolled\": $scrolled}"
