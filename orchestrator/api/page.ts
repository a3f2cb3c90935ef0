import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const folder = new URL('../web/', import.meta.url);

export interface Page {
  html: string;
  /**
   * Content-Security-Policy: its own script and style are all that may run there, by their hashes, even if a file's
   * name should hold HTML.
   */
  policy: string;
}

/** A page of web/, by its file's name. */
export async function readPage(name: string): Promise<Page> {
  const html = await readFile(new URL(name, folder), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

/** The page at `/`, and the one at `/sign-in`, which is everybody's. */
export async function addPageRoutes(app: FastifyInstance, signIn: Page): Promise<void> {
  const main = await readPage('index.html');
  addPage(app, '/', main, 'administrator');
  addPage(app, '/sign-in', signIn, 'none');
}

function addPage(app: FastifyInstance, path: string, { html, policy }: Page, role: 'administrator' | 'none'): void {
  app.get(path, { schema: { hide: true }, config: { role, isUncounted: true } }, (_request, reply) => {
    void reply.header('content-security-policy', policy).header('cache-control', 'no-cache');
    return reply.type('text/html; charset=utf-8').send(html);
  });
}

function hashesOf(html: string, tag: 'script' | 'style'): string {
  const blocks = [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(match => match[1] ?? '');
  return blocks.map(block => `'sha256-${createHash('sha256').update(block).digest('base64')}'`).join(' ');
}
