import { VARIABLES } from '../orchestrator/config/environment.ts';

const LINE = 110;

/** What docker-compose.yml alone knows, and what it gives to the orchestrator in its own way. */
const OF_COMPOSE = `# Settings: copy this file to .env, which docker compose, \`npm start\` and every command read. Nobody but you should read it: chmod 600 .env

# --- docker compose: set the four passwords; the rest has defaults that do ---

# Password of Elasticsearch's user elastic, with which you log in to Kibana. At least 6 letters, digits, - or _
ELASTIC_PASSWORD=

# Password by which Kibana talks to Elasticsearch. Nobody types it. At least 6 letters, digits, - or _
KIBANA_SYSTEM_PASSWORD=

# Password of the orchestrator's own user in Elasticsearch. Nobody types it. At least 6 letters, digits, - or _
ORCHESTRATOR_PASSWORD=

# Password of its other user, which reads rows and writes dashboards. Nobody types it. At least 6 letters, digits, - or _
ORCHESTRATOR_KIBANA_PASSWORD=

# Folder with files to watch, beside ./data/in, which only root can enter: for what other users bring; in a YAML it is /srv/incoming
#INCOMING_DIR=/home/shared/incoming

# Memory of Elasticsearch's heap: half of what it may have
#ELASTICSEARCH_HEAP=1g

# Ports on this machine's loopback
#ELASTICSEARCH_PORT=9200
#KIBANA_PORT=5601
#ORCHESTRATOR_PORT=8080

# Other images: a mirror's, or another base with Node 24 for the two that are built
#ELASTICSEARCH_IMAGE=elasticsearch:9.5.0
#KIBANA_IMAGE=kibana:9.5.0
# By digest it is the same one in each build: node:24-slim@sha256:…
#BASE_IMAGE=node:24-slim

# Docker's socket, where it isn't the usual one (rootless: /run/user/1000/docker.sock)
#DOCKER_SOCKET=/var/run/docker.sock

# Name of the networks: another one for a second project on the same machine
#COMPOSE_NETWORK=orchestrator-etl
`;

const OF_SERVICE = `
# --- the orchestrator itself ---
# Where compose starts it, docker-compose.yml sets paths, addresses and credentials, and passes on those of the others that it names.
`;

/**
 * The text of .env.example: what compose wants, and every setting of the orchestrator, so that none is known from the
 * docs alone.
 */
export function renderEnvExample(): string {
  const settings = Object.entries(VARIABLES).map(([name, { type, default: usual, description }]) => {
    const meaning = `${description} It is ${type}; default: ${usual}.`.replaceAll(
      /\[([^\]]+)\]\([^)]+\)/g,
      'config/$1',
    );
    return `\n${wrapped(meaning.replaceAll('`', ''))}\n#${name}=\n`;
  });
  return OF_COMPOSE + OF_SERVICE + settings.join('');
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > LINE) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}
