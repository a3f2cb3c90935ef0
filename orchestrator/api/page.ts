import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const file = new URL('../web/index.html', import.meta.url);

/** The page at `/`. Its own script and style are all that may run there, by their hashes, even if a file's name should hold HTML. */
export async function addPageRoute(app: FastifyInstance): Promise<void> {
  const html = await readFile(file, 'utf8');
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
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    void reply.header('content-security-policy', policy).header('cache-control', 'no-cache');
    return reply.type('text/html; charset=utf-8').send(html);
  });
}

function hashesOf(html: string, tag: 'script' | 'style'): string {
  const blocks = [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(match => match[1] ?? '');
  return blocks.map(block => `'sha256-${createHash('sha256').update(block).digest('base64')}'`).join(' ');
}
