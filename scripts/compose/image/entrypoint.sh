#!/bin/bash
# As the official image does: variables with a dot in their name are settings, ELASTIC_PASSWORD is the password of elastic.
set -euo pipefail
settings=(-Enetwork.host=0.0.0.0)
while IFS='=' read -r -d '' name value; do
  if [[ $name =~ ^[a-z0-9_]+\.[a-z0-9_.]+$ ]]; then settings+=("-E$name=$value"); fi
done < <(env -0)
if [[ -n ${ELASTIC_PASSWORD:-} ]]; then
  [[ -f config/elasticsearch.keystore ]] || bin/elasticsearch-keystore create
  bin/elasticsearch-keystore add -x -f bootstrap.password <<<"$ELASTIC_PASSWORD"
fi
exec bin/elasticsearch "${settings[@]}"
