#!/bin/sh
# Starts one container a file with Docker's command line: the place to begin where DOCKER_IMAGE and DOCKER_OPTIONS are not enough.
# In a dataset's YAML:
#
#   COMMAND: scripts/examples/run-container.sh
#   ENV: { IMAGE: curlimages/curl:8.11.0 }
#
# Arguments: folder (ending in /), action, file name, config file. The container gets the whole environment, the folder of the file at /data (read-only)
# and the attempt's folder at /work. It ends with this script, whatever ends it. The exit code is the container's.
set -u

folder=$1
name=$3
: "${IMAGE:?is not set: name the image under ENV}"

# One name an attempt, so that a second start finds and ends what a killed one left behind.
container=$(printf 'etl-%s-%s' "${RUN_ID:-$$}" "${ATTEMPT:-1}" | tr -c 'a-zA-Z0-9_.-' '_')
trap 'docker stop --time 10 "$container" >/dev/null 2>&1' TERM INT
for former in $(docker ps --all --quiet --filter "name=^etl-${RUN_ID:-$$}-"); do docker rm --force "$former"; done

# `--env NAME` takes the value from this environment: nothing is quoted, and nothing shows in the list of processes.
set -- --env "FILE=/data/$name" --env WORK_DIR=/work
for variable in $(env -0 | tr '\n\0' ' \n' | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
  case $variable in
    PATH | HOME | LANG | TMPDIR | PWD | OLDPWD | SHLVL | _ | FILE | WORK_DIR | CONNECTIONS_FILE | DOCKER_*) ;;
    *) set -- "$@" --env "$variable" ;;
  esac
done

if [ -n "${CONNECTIONS_FILE:-}" ]; then
  set -- --env CONNECTIONS_FILE=/run/connections.json \
    --mount "type=bind,source=$CONNECTIONS_FILE,target=/run/connections.json,readonly" "$@"
fi

# In the background and awaited, so that the trap above is not kept waiting. ARGUMENTS is split into words on purpose.
# shellcheck disable=SC2086
docker run --rm --init --name "$container" --network "${NETWORK:-host}" --cap-drop ALL --security-opt no-new-privileges \
  --mount "type=bind,source=$folder,target=/data,readonly" --mount "type=bind,source=${WORK_DIR:?},target=/work" \
  "$@" "$IMAGE" ${ARGUMENTS:-} &
child=$!
wait "$child"
code=$?
# A trapped signal ends `wait` early: the container's own end is what counts.
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
exit "$code"
