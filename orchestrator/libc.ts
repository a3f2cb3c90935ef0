import { createRequire } from 'node:module';

type Koffi = typeof import('koffi').default;
type Library = ReturnType<Koffi['load']>;

let koffi: Koffi | undefined;
let library: Library | undefined;

/** Calls native functions. Loaded when it is first asked for: nothing native happens on import. Linux only. */
export function requireKoffi(): Koffi {
  return (koffi ??= createRequire(import.meta.url)('koffi') as Koffi);
}

/** The C library that runs us. */
export function libc(): Library {
  return (library ??= requireKoffi().load(null));
}
