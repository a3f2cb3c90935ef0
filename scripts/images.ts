// `npm run images`: builds both images where they changed. BASE_IMAGE names the base, node:24-slim unless told.
import { announce } from './services/command.ts';
import { dockerClient } from './services/docker-client.ts';
import { buildImages } from './images/plans.ts';

const built = await buildImages(dockerClient(), process.env['BASE_IMAGE'] || undefined);
announce(built.length === 0 ? 'both images are up to date' : `built ${built.join(' and ')}`);
