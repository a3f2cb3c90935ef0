import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldFacts } from '../facts/facts.ts';
import { bestDate } from './best-date.ts';

const DAY = 86_400_000;

function date(name: string, { days = 300, documents = 1000, min = 0 } = {}): FieldFacts {
  const max = min + days * DAY;
  const found = { min, max: days === 1 ? min : max, middle: [min, max] as const, days, hasTimes: false };
  const values = { documents, distinct: days, date: found };
  return { name, kind: 'date', type: 'date', grouped: name, formats: [], samples: [], values };
}

const best = (...fields: FieldFacts[]) => bestDate(fields, 1000)?.field.name;

test('a date of what happened goes before times of loading, dates of birth and ends', () => {
  assert.equal(best(date('DATE_NAISSANCE', { days: 900 }), date('DATE_VENTE')), 'DATE_VENTE');
  assert.equal(best(date('date_maj', { days: 999 }), date('date_commande', { days: 30 })), 'date_commande');
  assert.equal(best(date('load_date', { days: 365 }), date('DATE', { days: 20 })), 'DATE');
  assert.equal(best(date('date_fin'), date('date_debut')), 'date_debut');
  assert.equal(best(date('created_at'), date('payment_date')), 'payment_date');
});

test('the one that varies goes before one of a few days', () => {
  assert.equal(best(date('jour_a', { days: 2 }), date('jour_b', { days: 200 })), 'jour_b');
  assert.equal(best(date('constant', { days: 1 })), undefined);
});

test('a date of birth is better than none, and one that half of the rows lack is none', () => {
  assert.equal(best(date('DATE_NAISSANCE')), 'DATE_NAISSANCE');
  assert.equal(best(date('date', { documents: 400 })), undefined);
});

test('of equals the first in the file is taken', () => {
  assert.equal(best(date('d1'), date('d2')), 'd1');
});

test('LOAD.dashboard.time decides', () => {
  const fields = [date('DATE_NAISSANCE'), date('DATE_VENTE')];
  assert.equal(bestDate(fields, 1000, 'DATE_NAISSANCE')?.field.name, 'DATE_NAISSANCE');
  assert.equal(bestDate(fields, 1000, false), null);
});
