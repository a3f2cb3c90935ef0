import type Docker from 'dockerode';
import type { AuthConfig } from 'dockerode';
import { messageOf, OrchestratorError, statusOf } from '../../errors.ts';
import { isMissing } from './engine-errors.ts';

interface PullEvent {
  status?: string;
  id?: string;
  error?: string;
}

/** Whether the engine has the image. Throws what the client throws. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  return (await imageLabels(docker, image)) !== undefined;
}

/** Id and labels of an image, or undefined where the engine hasn't got it. */
export async function imageLabels(
  docker: Docker,
  image: string,
): Promise<{ id: string; labels: Record<string, string> } | undefined> {
  try {
    const { Id, Config } = await docker.getImage(image).inspect();
    return { id: Id, labels: Config.Labels ?? {} };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The folders that an image wants volumes for. Throws what the client throws, also where the engine hasn't got it. */
export async function volumesOf(docker: Docker, image: string): Promise<string[]> {
  const { Config } = await docker.getImage(image).inspect();
  return Object.keys(Config.Volumes ?? {});
}

/** Pulls images; one that is being pulled already is waited for. */
export class ImagePuller {
  readonly #docker: Docker;
  readonly #authFor: (image: string) => Promise<AuthConfig | undefined>;
  readonly #pulls = new Map<string, Promise<void>>();

  /** `authFor`: who pulls an image, where its registry wants to know. */
  constructor(docker: Docker, authFor: (image: string) => Promise<AuthConfig | undefined>) {
    this.#docker = docker;
    this.#authFor = authFor;
  }

  /** Calls back with each step. Throws `wait` where the image can't be had, saying what to do. */
  async pull(image: string, onStep: (text: string) => void): Promise<void> {
    const going = this.#pulls.get(image);
    if (going) return going;
    const pull = this.#pull(image, onStep).finally(() => this.#pulls.delete(image));
    this.#pulls.set(image, pull);
    return pull;
  }

  async #pull(image: string, onStep: (text: string) => void): Promise<void> {
    onStep(`pulling ${image}`);
    try {
      const authconfig = await this.#authFor(image);
      const stream = await this.#docker.pull(image, authconfig === undefined ? {} : { authconfig });
      await this.#follow(stream, onStep);
    } catch (error) {
      if (statusOf(error) === undefined && !(error instanceof PullError)) throw error;
      throw new OrchestratorError(
        'wait',
        `image ${image} is not there and can't be pulled (${reasonOf(error)}); build or load it (the default ETL's: npm run images), or correct DOCKER_IMAGE`,
        { cause: error },
      );
    }
  }

  #follow(stream: NodeJS.ReadableStream, onStep: (text: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#docker.modem.followProgress(
        stream,
        (error: Error | null) => (error ? reject(new PullError(messageOf(error))) : resolve()),
        (event: PullEvent) => {
          // The percentages in between would be thousands of lines.
          if (event.status && !event.status.endsWith('ing'))
            onStep([event.id, event.status].filter(Boolean).join(': '));
        },
      );
    });
  }
}

class PullError extends Error {}

function reasonOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } | null }).json?.message;
  // The client's own words go before the engine's.
  return typeof said === 'string'
    ? said
    : messageOf(error)
        .replace(/^\(HTTP code \d+\) [^-]*- /, '')
        .trim();
}
