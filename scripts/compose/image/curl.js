#!/usr/local/bin/node
// The few of curl's options that docker-compose.yml uses, for an image made where curl can't be had.
import { readFileSync } from 'node:fs';

const words = process.argv.slice(2);
const contentOf = path => readFileSync(path === '-' ? 0 : path, 'utf8');
const headers = {};
let url = '';
let body;
for (let word = words.shift(); word !== undefined; word = words.shift()) {
  if (word === '--config') {
    const [, user] = /user = "(.*)"/.exec(contentOf(words.shift()));
    headers.authorization = `Basic ${btoa(user.replace(/\\(.)/g, '$1'))}`;
  } else if (word === '--data') body = contentOf(words.shift().slice(1));
  else if (word === '-o') words.shift();
  else if (word === '-H') {
    const [name, value] = words.shift().split(': ');
    headers[name] = value;
  } else if (!word.startsWith('-')) url = word;
}
fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body }) }).then(
  async response => {
    if (response.ok) return;
    console.error(`${url}: ${response.status} ${await response.text()}`);
    process.exitCode = 22;
  },
  error => {
    console.error(`${url}: ${error.cause?.message ?? error.message}`);
    process.exitCode = 7;
  },
);
