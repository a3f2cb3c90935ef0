import { messageOf, OrchestratorError } from '../errors.ts';
import type { CommandDeps } from './deps.ts';
import { askService, type ServiceAddress } from './service-address.ts';

/** `orchestrator sign-in`: prints a link that signs a browser in, once. */
export async function printSignInLink(deps: CommandDeps): Promise<number> {
  const { url } = await askLink(deps.service());
  deps.terminal.write(`${url}\n`);
  deps.terminal.writeError('good once, for 15 minutes; it opens the page\n');
  return 0;
}

async function askLink(service: ServiceAddress): Promise<{ url: string }> {
  const { host, port } = service;
  const response = await askService(service, '/api/sign-in-links', 'POST').catch((error: unknown) => {
    throw new OrchestratorError(
      'never',
      `no orchestrator answers at ${host}:${port} (${messageOf(error)}); start it, or set HOST and PORT as it has them`,
      { cause: error },
    );
  });
  const answer = (await response.json().catch(() => ({}))) as { url?: string; error?: string };
  if (response.ok && answer.url !== undefined) return { url: answer.url };
  throw new OrchestratorError(
    'never',
    `the orchestrator at ${host}:${port} gives no link: ${answer.error ?? response.statusText}`,
  );
}
