import type Docker from 'dockerode';

/** Every label of ours begins with this. */
const LABEL = 'orchestrator.';

/** Ids of the containers that are there, whatever their state. */
export async function listContainers(docker: Docker): Promise<Set<string>> {
  return new Set((await docker.listContainers({ all: true })).map(container => container.Id));
}

/** Names of containers with a label of ours that were not there before. */
export async function newContainers(docker: Docker, before: Set<string>): Promise<string[]> {
  const containers = await docker.listContainers({ all: true });
  return containers
    .filter(({ Id, Labels }) => !before.has(Id) && Object.keys(Labels).some(label => label.startsWith(LABEL)))
    .map(({ Id, Names, Image, Status }) => `${Names[0] ?? Id.slice(0, 12)} (${Image}, ${Status})`);
}
