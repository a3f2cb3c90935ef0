import { NEEDS_MORE, START, type XmlScanner } from '../markup/xml-scanner.ts';

/**
 * Whether a manifest names any part that is encrypted: of its elements, the first name given to the scanner is the one
 * that says so.
 */
export async function isEncrypted(xml: XmlScanner): Promise<boolean> {
  for (;;) {
    const token = xml.scan();
    if (token === NEEDS_MORE && !(await xml.fill())) return false;
    if (token === START && xml.name === 0) return true;
  }
}
