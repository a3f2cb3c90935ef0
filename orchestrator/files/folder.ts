import { type BigIntStats, constants, type Dir } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, opendir, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { codeOf } from '../errors.ts';
import { check, type FileDemands, grant, type Owner, type Rights } from './rights.ts';
import { unless } from './unless.ts';
import { UntrustedFile } from './untrusted-file.ts';

/** A path with `/`, or one name as its bytes. */
type Name = string | Buffer;

const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL } = constants;
// Windows has none of these.
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
// A FIFO must not make us wait for its writer, nor a terminal become ours.
const O_QUIET = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
/** From fcntl.h, the same on every Linux architecture: passing through a folder needs no right to list it. */
const O_PATH = process.platform === 'linux' ? 0o10000000 : 0;

const OWN_FILE = 0o600;
const OWN_FOLDER = 0o700;
/** What a folder's group and others keep in one that is made below it: they may look, not write. */
const READ_ONLY = 0o055;

/**
 * A folder that is held open. Whatever is put in its place later, this stays the folder that was meant, and everything in it is reached from
 * it, name by name, without following a link: so nobody who can write in it leads us anywhere else. Paths are relative, with `/`; one that
 * leads out (`..`, an absolute path) is refused. Throws what the system says, and an UntrustedFile where a link or something else that is not what was asked for is in the way.
 *
 * On Linux names are looked up below /proc/self/fd/<descriptor>; elsewhere, where there is no such thing, below the path.
 */
export class Folder {
  /** As it was opened, for messages. */
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Opens an administrator's folder: links on the way to it are followed. */
  static async open(path: string): Promise<Folder> {
    return new Folder(path, await open(path, O_RDONLY | O_DIRECTORY | O_QUIET));
  }

  /** Opens a folder, uses it and closes it. */
  static async use<T>(path: string, act: (folder: Folder) => Promise<T>): Promise<T> {
    return closing(await Folder.open(path), act);
  }

  /** The folder itself, for what takes descriptors; open until close(). */
  get descriptor(): number {
    return this.#handle.fd;
  }

  /** Of the folder itself. */
  stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** A folder below this one; `''` is this one once more. To be closed. */
  folder(relative: Name): Promise<Folder> {
    if (relative === '') return this.#opened(`${this.#self()}/.`, this.path);
    return this.#at(relative, at => this.#opened(at, join(this.path, String(relative))));
  }

  /** Opens a folder below this one, uses it and closes it. */
  async within<T>(relative: Name, act: (folder: Folder) => Promise<T>): Promise<T> {
    return closing(await this.folder(relative), act);
  }

  /**
   * A folder below this one; each that is missing on the way is made: ours alone, or `as-above`: still ours, but whoever may look into the folder
   * above may look into it. To be closed.
   */
  async makeFolder(relative: string, rights: 'own' | 'as-above' = 'own'): Promise<Folder> {
    const there = await this.folder(relative).catch(unless('ENOENT'));
    if (there) return there;
    let at = await this.folder('');
    for (const name of namesOf(relative, this.path)) at = await closing(at, here => here.#make(name, rights));
    return at;
  }

  async #make(name: string, rights: 'own' | 'as-above'): Promise<Folder> {
    const isNew = await this.#at(name, at => mkdir(at, { mode: OWN_FOLDER })).then(() => true, unless('EEXIST'));
    const made = await this.folder(name);
    if (!isNew || rights === 'own') return made;
    try {
      const above = await this.#handle.stat();
      await made.#handle.chmod(OWN_FOLDER | (above.mode & READ_ONLY));
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  /** What stands there, links as links; undefined where nothing does. */
  async look(relative: Name): Promise<BigIntStats | undefined> {
    try {
      return await this.#at(relative, at => lstat(at, { bigint: true }));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** What stands there, where a link leads: for a comparison alone, since it gives no way to the file. */
  async lookThrough(relative: string): Promise<BigIntStats | undefined> {
    try {
      return await stat(join(this.#self(), ...namesOf(relative, this.path)), { bigint: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** A regular file, to be read and closed. */
  openFile(relative: string, demands: FileDemands = {}): Promise<FileHandle> {
    return this.#openRegular(relative, O_RDONLY, demands);
  }

  /** A regular file that is there, to be cut, or written over, and closed. */
  openToChange(relative: string, demands: FileDemands = {}): Promise<FileHandle> {
    return this.#openRegular(relative, O_RDWR, demands);
  }

  /** A regular file to be added to; it is made, and ours alone, where it is not there. To be closed. */
  async openLog(relative: string, demands: FileDemands = {}): Promise<FileHandle> {
    try {
      return await this.create(relative);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return this.#openRegular(relative, O_WRONLY | O_APPEND, demands);
    }
  }

  /** A new file, to be written and closed. Throws EEXIST where anything has that name, be it a link that leads nowhere. */
  create(relative: string, mode: number = OWN_FILE): Promise<FileHandle> {
    return this.#at(relative, at => open(at, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  }

  /**
   * Writes a whole file in one step, in the place of what has its name, on disk when it resolves. Nobody sees half of it. It is ours alone unless
   * `rights` say else; only root can give it away.
   */
  async replace(relative: string, content: string | Uint8Array, rights: Partial<Rights> = {}): Promise<void> {
    const unfinished = join(dirname(relative), `.${randomUUID()}.tmp`);
    const file = await this.create(unfinished);
    try {
      await file.writeFile(content);
      await grant(file, rights);
      await file.sync();
      await this.rename(unfinished, this, relative);
    } catch (error) {
      await this.unlink(unfinished);
      throw error;
    } finally {
      await file.close();
    }
  }

  /** What is in it, as it comes. Names that are not UTF-8 come with U+FFFD in them. */
  entries(): Promise<Dir> {
    return opendir(this.#self(), { bufferSize: 1024 });
  }

  /** The names in it as the bytes that they are, each of which stands for a relative path: what is not UTF-8 can be reached by them alone. */
  async *names(): AsyncGenerator<Buffer> {
    // The types know nothing of `buffer`, which opendir() takes as readdir() does (Node 24.21).
    const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 1024 };
    for await (const { name } of await opendir(this.#self(), options)) yield name as unknown as Buffer;
  }

  /** As rename(2): what has the new name is replaced, and a link is renamed itself. */
  async rename(from: Name, to: Folder, name: string): Promise<void> {
    await this.#at(from, source => to.#at(name, target => rename(source, target)));
  }

  /** A second name for a file. Throws EEXIST where the new one is taken, and an UntrustedFile where what got it is no regular file. */
  async link(from: string, to: Folder, name: string): Promise<void> {
    await this.#at(from, source => to.#at(name, target => link(source, target)));
    if ((await to.look(name))?.isFile() !== false) return;
    await to.unlink(name);
    throw new UntrustedFile(join(this.path, from), 'not-a-file');
  }

  /** Takes a name away from whatever but a folder has it; nothing happens where nothing has. */
  async unlink(relative: Name): Promise<void> {
    await this.#at(relative, at => unlink(at)).catch(unless('ENOENT'));
  }

  /** Takes an empty folder away. Throws ENOTEMPTY where it isn't. */
  async removeFolder(relative: Name): Promise<void> {
    await this.#at(relative, at => rmdir(at));
  }

  /** Changes whose folder this is and who may enter it; only root can give it away. */
  async give({ uid, gid }: Owner, mode: number): Promise<void> {
    await this.#handle.chown(uid, gid);
    await this.#handle.chmod(mode);
  }

  /** Makes the names in it survive a loss of power, where the file system can. */
  async sync(): Promise<void> {
    await this.#handle.sync().catch(unless('EINVAL', 'ENOTSUP'));
  }

  async #opened(at: Name, path: string): Promise<Folder> {
    return new Folder(path, await open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_QUIET));
  }

  async #openRegular(relative: string, flags: number, demands: FileDemands): Promise<FileHandle> {
    const path = join(this.path, relative);
    const file = await this.#at(relative, at => open(at, flags | O_NOFOLLOW | O_QUIET)).catch(asUntrusted(path));
    try {
      check(await file.stat(), path, demands);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Where a name can be reached without anything that could have been swapped on the way to it. */
  async #at<T>(relative: Name, act: (path: Name) => Promise<T>): Promise<T> {
    if (typeof relative !== 'string') return act(Buffer.concat([Buffer.from(`${this.#self()}/`), relative]));
    const names = namesOf(relative, this.path);
    const last = names.pop() as string;
    let held: FileHandle | undefined;
    try {
      let folder = this.#self();
      for (const name of names) {
        const next = await open(`${folder}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        await held?.close();
        held = next;
        folder = descriptorPath(held.fd) ?? `${folder}/${name}`;
      }
      return await act(`${folder}/${last}`);
    } catch (error) {
      throw behindLink(error) ? new UntrustedFile(join(this.path, relative), 'link') : error;
    } finally {
      await held?.close();
    }
  }

  #self(): string {
    return descriptorPath(this.#handle.fd) ?? this.path;
  }
}

function descriptorPath(descriptor: number): string | undefined {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
}

async function closing<T>(folder: Folder, act: (folder: Folder) => Promise<T>): Promise<T> {
  try {
    return await act(folder);
  } finally {
    await folder.close();
  }
}

/** The names of a relative path, of which none leads out of the folder. */
function namesOf(relative: string, folder: string): string[] {
  const names = relative.split('/').filter(name => name !== '' && name !== '.');
  const leadsOut = relative.startsWith('/') || relative.includes('\0') || names.includes('..') || names.length === 0;
  if (leadsOut) throw new UntrustedFile(join(folder, relative), 'path');
  return names;
}

/** open(2) says of a socket ENXIO, of a folder to be written EISDIR. */
function asUntrusted(path: string): (error: unknown) => never {
  return error => {
    throw ['ENXIO', 'EISDIR'].includes(codeOf(error) ?? '') ? new UntrustedFile(path, 'not-a-file') : error;
  };
}

/** ELOOP where O_NOFOLLOW met a link. */
function behindLink(error: unknown): boolean {
  return codeOf(error) === 'ELOOP';
}
