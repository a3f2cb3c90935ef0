import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { Container } from 'dockerode';
import { WARM_LABEL } from '../../../default-etl/contract/contract.ts';
import type { Clock } from '../../clock.ts';
import type { Dataset } from '../../config/dataset.ts';
import { messageOf } from '../../errors.ts';
import type { Owner } from '../../files/rights.ts';
import type { Logger } from '../../log.ts';
import { environmentAhead } from '../job.ts';
import { jsonLine } from '../json-line.ts';
import { namesIn, putInPlace } from '../reserved-folder.ts';
import type { Job, JobTemplate, RunUids } from '../runner.ts';
import { ownerNamed } from '../work-dir.ts';
import { CONTAINER_PATHS } from './container-options.ts';
import type { ContainerRequests } from './container-requests.ts';
import { imageLabels } from './image.ts';
import { aheadName, containerName, LABELS } from './names.ts';
import { removeContainer } from './remove.ts';

/** A container that has been started and waits for the environment of its one job. */
interface Waiting {
  container: Container;
  /** Equal where everything is that was fixed when it was made. */
  fit: string;
  /** The folder that it has at /work. */
  reserved: string;
  /** Whose folder that is; undefined where only the image knows. */
  owner: Owner | undefined;
  stdin: Duplex;
}

export interface WarmPoolOptions {
  docker: Docker;
  logger: Logger;
  clock: Clock;
  instance: string;
  /** Absolute: where the reserved folders are. */
  warmDir: string;
  uids: RunUids;
  requests: ContainerRequests;
}

/** What a container waits for on its standard input (`ORCHESTRATOR_WARM=1`): its environment, as one line of JSON. */
const WARM_ENVIRONMENT = { ORCHESTRATOR_WARM: '1' };

/**
 * Keeps WARM containers of a dataset started, made like the one that its last job needed. Each has a reserved folder at
 * /work that is renamed into the attempt's place when it gets its job: a bind mount follows its folder; and a uid,
 * which is the attempt's from then on. A container that waits ends with the orchestrator, for its standard input closes
 * then.
 */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #filling = new Map<string, Promise<void>>();
  /** Of those that wait or are being made: names of their folders, and their labels. */
  readonly #reserved = new Set<string>();
  /** Hashes of the datasets that are configured, once that was told: for others nothing is made. */
  #configured: Map<string, string> | undefined;
  #isClosed = false;

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    // One that an orchestrator left which was killed may still be about to end.
    for (const name of namesIn(options.warmDir)) options.uids.recall(join(options.warmDir, name));
  }

  /** The id of a container that has got this job, or undefined where none fits. */
  async take(job: Job): Promise<string | undefined> {
    if (!this.has(job.dataset.name)) return undefined;
    const fit = await this.#fitFor(job);
    const waiting = this.#waiting.get(job.dataset.name) ?? [];
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (next.fit === fit && (await this.#hand(next, job))) return next.container.id;
      await this.#discard(next);
    }
    return undefined;
  }

  has(dataset: string): boolean {
    return (this.#waiting.get(dataset)?.length ?? 0) > 0;
  }

  /** Whether the container with this label waits here, or is being made. */
  isWaiting(label: string | undefined): boolean {
    return label !== undefined && this.#reserved.has(label);
  }

  /** Makes what is missing for `templates`, and removes what is not of a dataset that is `configured`. */
  keep(configured: readonly Dataset[], templates: readonly JobTemplate[]): void {
    this.#configured = new Map(configured.map(({ name, hash }) => [name, hash]));
    for (const dataset of this.#waiting.keys()) {
      if (!this.#configured.has(dataset)) this.#inTurn(dataset, () => this.#drop(dataset));
    }
    for (const template of templates) {
      const act =
        template.dataset.settings.WARM > 0 ? () => this.#fill(template) : () => this.#drop(template.dataset.name);
      this.#inTurn(template.dataset.name, act);
    }
  }

  /** Removes the folders that nobody waits with: of an orchestrator that was killed. */
  async removeFolders(): Promise<void> {
    const names = await readdir(this.#options.warmDir).catch(() => []);
    const unused = names.filter(name => !this.#reserved.has(name));
    await Promise.all(unused.map(name => this.#removeFolder(join(this.#options.warmDir, name))));
  }

  /** In the background: makes what is missing, like this job's. Does nothing where the image doesn't say that it can wait. */
  refill(job: JobTemplate): void {
    const isOutdated = this.#configured && this.#configured.get(job.dataset.name) !== job.dataset.hash;
    if (job.dataset.settings.WARM === 0 || isOutdated) return;
    if (!this.#filling.has(job.dataset.name)) this.#inTurn(job.dataset.name, () => this.#fill(job));
  }

  /** One at a time for each dataset, so that none is made twice. */
  #inTurn(dataset: string, act: () => Promise<void>): void {
    if (this.#isClosed) return;
    const turn = (this.#filling.get(dataset) ?? Promise.resolve())
      .then(act)
      .catch(error => this.#options.logger.warn(`dataset ${dataset}: no container is kept warm: ${messageOf(error)}`))
      .finally(() => {
        if (this.#filling.get(dataset) === turn) this.#filling.delete(dataset);
      });
    this.#filling.set(dataset, turn);
  }

  /** Resolves when what refill() began is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#filling.values());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.settled();
    for (const waiting of [...this.#waiting.values()].flat()) await this.#discard(waiting);
    this.#waiting.clear();
  }

  async #drop(dataset: string): Promise<void> {
    const waiting = this.#waiting.get(dataset) ?? [];
    this.#waiting.delete(dataset);
    for (const one of waiting) await this.#discard(one);
  }

  async #fill(job: JobTemplate): Promise<void> {
    const fit = await this.#fitFor(job);
    const waiting = this.#waiting.get(job.dataset.name) ?? [];
    const others = waiting.filter(one => one.fit !== fit);
    for (const one of others) {
      const place = waiting.indexOf(one);
      // A job may have taken it meanwhile.
      if (place >= 0) await this.#discard(...(waiting.splice(place, 1) as [Waiting]));
    }
    if (fit === undefined) return;
    this.#waiting.set(job.dataset.name, waiting);
    while (!this.#isClosed && waiting.length < job.dataset.settings.WARM) {
      const made = await this.#make(job, fit);
      if (made === undefined) return;
      waiting.push(made);
    }
  }

  /** Undefined where the image is away, or can't wait. */
  async #fitFor(job: JobTemplate): Promise<string | undefined> {
    const image = await imageLabels(this.#options.docker, this.#options.requests.imageOf(job));
    if (image?.labels[WARM_LABEL] === undefined) return undefined;
    return JSON.stringify([image.id, job.dataset.hash, job.inputFolder, job.args(CONTAINER_PATHS)]);
  }

  /** Undefined where RUN_UIDS has no uid to spare. */
  async #make(template: JobTemplate, fit: string): Promise<Waiting | undefined> {
    const { docker, clock, instance, warmDir, uids } = this.#options;
    const id = randomUUID();
    const reserved = join(warmDir, id);
    this.#reserved.add(id);
    let container: Container | undefined;
    try {
      await mkdir(reserved, { recursive: true, mode: 0o700 });
      const uid = uids.spare(reserved);
      if (uid === undefined) return await this.#giveUp(reserved);
      const job = { ...template, owner: uid };
      const request = await this.#options.requests.forTemplate(job, reserved, WARM_ENVIRONMENT);
      container = await docker.createContainer({
        ...request,
        name: aheadName(instance, job.dataset.name, id),
        Labels: { ...request.Labels, [LABELS.ahead]: id, [LABELS.logOffset]: '0' },
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
      });
      const stdin = (await container.attach({ stream: true, stdin: true, hijack: true })) as unknown as Duplex;
      // Where it breaks, so has the engine, or the container has ended: handing it a job will show.
      stdin.on('error', () => {}).resume();
      await container.start();
      return { container, fit, reserved, owner: ownerNamed(this.#options.requests.userOf(job)), stdin };
    } catch (error) {
      if (container) await removeContainer(container, clock).catch(() => {});
      await this.#giveUp(reserved);
      throw error;
    }
  }

  async #giveUp(reserved: string): Promise<undefined> {
    await this.#removeFolder(reserved);
    this.#reserved.delete(basename(reserved));
  }

  async #removeFolder(reserved: string): Promise<void> {
    await rm(reserved, { recursive: true, force: true });
    this.#options.uids.free(reserved);
  }

  // First its name, by which a crash from here on finds it; then its folder; then the job. False where it can't have it any more.
  async #hand({ container, reserved, owner, stdin }: Waiting, job: Job): Promise<boolean> {
    try {
      await container.rename({ name: containerName(this.#options.instance, job) });
      if (!(await container.inspect()).State.Running) return false;
      await putInPlace(reserved, job.workDir, owner);
    } catch {
      return false;
    }
    this.#options.uids.move(reserved, job.workDir);
    this.#reserved.delete(basename(reserved));
    // No file can be mounted any more.
    job.writeFiles(CONTAINER_PATHS);
    stdin.end(jsonLine(environmentAhead(job, CONTAINER_PATHS)));
    return true;
  }

  async #discard({ container, reserved, stdin }: Waiting): Promise<void> {
    stdin.destroy();
    await removeContainer(container, this.#options.clock).catch(error =>
      this.#options.logger.warn(`a container that was kept warm can't be removed: ${messageOf(error)}`),
    );
    await this.#giveUp(reserved);
  }
}
