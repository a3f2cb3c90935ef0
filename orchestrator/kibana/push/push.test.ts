import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../clock.ts';
import type { KibanaSettings } from '../../config/kibana-settings.ts';
import { kindOf } from '../../errors.ts';
import { toNdjson } from '../objects/ndjson.ts';
import type { SavedObject } from '../objects/saved-object.ts';
import { KibanaStandIn } from '../testing/kibana-stand-in.ts';
import type { KibanaVersion } from '../testing/versions.ts';
import { wantedDashboard } from '../testing/wanted-dashboard.ts';
import { Kibana } from './client.ts';
import { type Outcome, outcomeSummary } from './outcome.ts';
import { push, type PushRequest } from './push.ts';
import { PushRecords } from './records.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kibana-push-'));
});
after(() => rm(folder, { recursive: true }));

let kibana: KibanaStandIn;
let dataDir: string;
afterEach(() => kibana.go());

async function begin(options: Parameters<typeof KibanaStandIn.start>[0] = {}): Promise<void> {
  kibana = await KibanaStandIn.start(options);
  dataDir = await mkdtemp(join(folder, 'data-'));
}

const SALES = wantedDashboard('sales');
const COSTS = wantedDashboard('costs');

async function pushed(request: Partial<PushRequest>, settings: Partial<KibanaSettings> = {}): Promise<Outcome[]> {
  const given = kibana.settings(settings);
  const context = { kibana: new Kibana(given), records: new PushRecords(dataDir, given), clock: systemClock };
  return (await push({ wanted: [SALES], gone: [], ...request }, context)).outcomes;
}

async function summary(request: Partial<PushRequest>, settings?: Partial<KibanaSettings>): Promise<string> {
  return outcomeSummary(await pushed(request, settings));
}

function of(type: string, { objects } = SALES): SavedObject {
  const object = objects.find(one => one.type === type);
  assert.ok(object);
  return object;
}

function outcomeOf(outcomes: readonly Outcome[], type: string): Outcome | undefined {
  return outcomes.find(outcome => outcome.type === type);
}

for (const version of ['8.19.0', '9.0.0', '9.5.0'] satisfies KibanaVersion[]) {
  describe(`a Kibana of version ${version}`, () => {
    beforeEach(() => begin({ version }));

    test('gets what is wanted, and nothing is written when it is pushed again', async () => {
      assert.equal(await summary({}), '4 created');
      assert.deepEqual(
        kibana.store
          .all('default')
          .map(({ type, id }) => `${type} ${id}`)
          .toSorted(),
        SALES.objects.map(({ type, id }) => `${type} ${id}`).toSorted(),
      );
      const { length } = kibana.requests;
      assert.equal(await summary({}), '4 same');
      assert.equal(
        kibana.requests.slice(length).some(request => request.includes('_import')),
        false,
      );
    });

    test('gets what has changed, and no more', async () => {
      await pushed({});
      const changed = wantedDashboard('sales', { columns: ['CITY', 'AMOUNT', 'DAY'] });
      assert.equal(await summary({ wanted: [changed] }), '2 updated, 2 same');
      assert.equal(await summary({ wanted: [changed] }), '4 same');
    });

    test('keeps what a person changed, while the rest is updated', async () => {
      await pushed({});
      kibana.store.update('default', of('dashboard'), { description: 'mine' });
      const changed = wantedDashboard('sales', { columns: ['CITY', 'AMOUNT', 'DAY'], title: 'Sales' });
      const outcomes = await pushed({ wanted: [changed] });
      assert.equal(outcomeSummary(outcomes), '2 updated, 1 same, 1 kept');
      assert.match(
        outcomeOf(outcomes, 'dashboard')?.why ?? '',
        /^a person changed it at \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
      );
      assert.equal(kibana.store.get('default', of('dashboard'))?.attributes['description'], 'mine');
      assert.equal(kibana.store.get('default', of('index-pattern'))?.attributes['name'], 'Sales');
      assert.equal(await summary({ wanted: [changed], force: true }), '1 updated, 3 same');
      assert.equal(kibana.store.get('default', of('dashboard'))?.attributes['description'], '');
      assert.equal(await summary({ wanted: [changed] }), '4 same');
    });
  });
}

test('what was made without a look at the rows is written once, and over nothing that was pushed', async () => {
  await begin();
  const guessed = { ...wantedDashboard('sales', { columns: ['DAY'] }), isMeasured: false };
  assert.equal(await summary({ wanted: [guessed] }), '4 created');
  assert.equal(await summary({}), '2 updated, 2 same');
  assert.equal(await summary({ wanted: [guessed, COSTS] }), '3 created, 1 same, 1 kept');
  assert.equal(await summary({}), '4 same');
  assert.equal(await summary({ wanted: [guessed], force: true }), '2 updated, 2 same');
});

describe('what is no change of a person', () => {
  beforeEach(() => begin({ version: '8.19.0' }));

  test('Kibana migrates what is there', async () => {
    await pushed({});
    kibana.store.upgrade('9.5.0');
    assert.equal(await summary({}), '4 same');
    const changed = wantedDashboard('sales', { columns: ['DAY'] });
    assert.equal(await summary({ wanted: [changed] }), '2 updated, 2 same');
  });

  test('fields are used in Discover, which counts them in the data view', async () => {
    await pushed({});
    kibana.store.update('default', of('index-pattern'), { fieldAttrs: '{"CITY":{"count":3}}' });
    assert.equal(await summary({}), '4 same');
    kibana.store.update('default', of('index-pattern'), { fieldAttrs: '{"CITY":{"count":3,"customLabel":"Town"}}' });
    assert.equal(await summary({}), '3 same, 1 kept');
  });
});

describe('what people remove', () => {
  beforeEach(() => begin());

  test('a dashboard that a person removed stays away until --force', async () => {
    await pushed({ wanted: [SALES, COSTS] });
    kibana.store.remove('default', of('dashboard'), { force: false });
    const outcomes = await pushed({ wanted: [SALES, COSTS] });
    assert.equal(outcomeSummary(outcomes), '6 same, 1 kept');
    assert.equal(outcomes.find(({ result }) => result === 'kept')?.why, 'a person removed it');
    assert.equal(await summary({ wanted: [SALES, COSTS], force: true }), '1 created, 6 same');
  });

  test('a data view that a dashboard stands on comes back', async () => {
    await pushed({});
    kibana.store.remove('default', of('index-pattern'), { force: false });
    assert.equal(await summary({}), '1 created, 3 same');
  });

  test('a Kibana that has nothing of it any more is a new one, and gets all', async () => {
    await pushed({ wanted: [SALES, COSTS] });
    kibana.store.clear();
    assert.equal(await summary({ wanted: [SALES, COSTS] }), '7 created');
  });
});

describe('what was there before', () => {
  beforeEach(() => begin());

  test('what is not known to be unchanged is kept until --force, what is as it is wanted is taken over', async () => {
    await pushed({});
    kibana.store.update('default', of('dashboard'), { description: 'mine' });
    await rm(join(dataDir, 'kibana'), { recursive: true });
    const outcomes = await pushed({});
    assert.match(
      outcomeOf(outcomes, 'dashboard')?.why ?? '',
      /^it was there before, and this orchestrator does not know/,
    );
    assert.equal(outcomeOf(outcomes, 'index-pattern')?.result, 'same');
    assert.equal(outcomeOf(await pushed({ force: true }), 'dashboard')?.result, 'updated');
    assert.equal(await summary({}), '4 same');
  });

  test('the record of what was pushed is no file of ours: nothing is done, and the message says what to do', async () => {
    await pushed({});
    const [name] = await readdir(join(dataDir, 'kibana'));
    for (const text of ['{', '{"format":1,"objects":[null]}', '{"format":1,"objects":[{"type":"tag","id":"x"}]}']) {
      await writeFile(join(dataDir, 'kibana', name ?? ''), text);
      await assert.rejects(pushed({}), /can't be read; remove it, and what is there is only overwritten by .* --force/);
    }
  });
});

describe('spaces', () => {
  beforeEach(() => begin({ spaces: ['figures'] }));

  test('objects whose ids another space has get others, and keep them', async () => {
    await pushed({});
    assert.equal(await summary({}, { space: 'figures' }), '4 created');
    const [moved] = kibana.store.all('figures').filter(({ type }) => type === 'dashboard');
    assert.notEqual(moved?.id, of('dashboard').id);
    assert.equal(await summary({}, { space: 'figures' }), '4 same');
    const changed = wantedDashboard('sales', { columns: ['DAY'] });
    assert.equal(await summary({ wanted: [changed] }, { space: 'figures' }), '2 updated, 2 same');
    assert.equal(kibana.store.all('figures').length, 4);
    assert.equal(await summary({}), '4 same');
    assert.equal(await summary({ wanted: [], gone: [SALES.key] }, { space: 'figures' }), '4 removed');
    assert.equal(kibana.store.all('default').length, 4);
  });

  test('a person’s copy from another space is not written over', async () => {
    await pushed({});
    for (const { type, id } of SALES.objects) kibana.store.copy({ type, id }, 'figures');
    const copies = kibana.store.all('figures');
    const outcomes = await pushed({}, { space: 'figures' });
    assert.equal(outcomeSummary(outcomes), '4 refused');
    assert.match(outcomes[0]?.why ?? '', /somebody made a copy of it there/);
    assert.deepEqual(kibana.store.all('figures'), copies);
  });

  test('a space that is not there is told of, though an import would not tell', async () => {
    const message = /has no space nowhere; make it, or set KIBANA_SPACE/;
    await assert.rejects(pushed({}, { space: 'nowhere' }), message);
    assert.equal(kibana.store.all('nowhere').length, 0);
  });
});

describe('what is gone', () => {
  beforeEach(() => begin());

  test('a dashboard of a dataset that is gone goes with what nothing else stands on', async () => {
    await pushed({ wanted: [SALES, COSTS] });
    assert.equal(await summary({ wanted: [COSTS], gone: [SALES.key] }), '4 same, 3 removed');
    assert.equal(await summary({ wanted: [], gone: [COSTS.key] }), '4 removed');
    assert.equal(kibana.store.all('default').length, 0);
  });

  test('what a person changed stays, and so does what it stands on', async () => {
    await pushed({});
    kibana.store.update('default', of('dashboard'), { description: 'mine' });
    const outcomes = await pushed({ wanted: [], gone: [SALES.key] });
    assert.equal(outcomeSummary(outcomes), '4 kept');
    assert.match(outcomeOf(outcomes, 'index-pattern')?.why ?? '', /^it is used by “sales/);
    assert.equal(await summary({ wanted: [], gone: [SALES.key], force: true }), '4 removed');
  });

  test('a data view that a person’s own dashboard uses stays', async () => {
    await pushed({});
    const { id } = of('index-pattern');
    const own = {
      ...of('dashboard'),
      id: 'own',
      attributes: { title: 'My own' },
      references: [{ type: 'index-pattern', id, name: 'x' }],
    };
    kibana.store.import('default', [own], { overwrite: false });
    const outcomes = await pushed({ wanted: [], gone: [SALES.key] });
    assert.equal(outcomeSummary(outcomes), '1 kept, 3 removed');
    assert.equal(outcomeOf(outcomes, 'index-pattern')?.why, 'it is used by “My own”');
  });

  test('a dry run writes nothing and says the same', async () => {
    assert.equal(await summary({ dryRun: true }), '4 created');
    assert.equal(kibana.store.all('default').length, 0);
    await pushed({});
    assert.equal(await summary({ wanted: [], gone: [SALES.key], dryRun: true }), '4 removed');
    assert.equal(kibana.store.all('default').length, 4);
    assert.equal(await summary({}), '4 same');
  });
});

describe('what Kibana refuses', () => {
  test('one dashboard that it refuses holds back no other', async () => {
    await begin();
    const broken = {
      ...COSTS,
      objects: COSTS.objects.map(object =>
        object.type === 'dashboard' ? { ...object, attributes: { title: 7 } } : object,
      ),
    };
    const outcomes = await pushed({ wanted: [broken, SALES] });
    const refused = outcomes.filter(({ result }) => result === 'refused');
    assert.deepEqual(
      refused.map(({ why }) => why),
      ['[attributes.title]: expected value of type [string] but got [number]'],
    );
    assert.ok(kibana.store.get('default', of('dashboard')));
  });

  test('an answer that tells of no object makes none of them written', async () => {
    await begin();
    for (const answer of ['{"success":false}', '{"success":true,"successCount":4}']) {
      kibana.faults.push((request, response) => {
        if (request.url?.includes('_import') !== true) return 'pass';
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
        return 'done';
      });
      const outcomes = await pushed({});
      assert.deepEqual([...new Set(outcomes.map(({ result }) => result))], ['refused']);
    }
    assert.equal(await summary({}), '4 created');
  });

  test('objects that are newer than it, of a version alone', async () => {
    await begin();
    const newer = { ...COSTS, objects: COSTS.objects.map(object => ({ ...object, typeMigrationVersion: '99.0.0' })) };
    const outcomes = await pushed({ wanted: [newer, SALES] });
    assert.match(
      outcomes.find(({ result }) => result === 'refused')?.why ?? '',
      /belongs to a more recent version of Kibana/,
    );
    assert.ok(kibana.store.get('default', of('dashboard')));
  });

  test('a Kibana that is too old is told of', async () => {
    await begin({ version: '8.17.0' });
    await assert.rejects(pushed({}), /is of version 8\.17\.0; dashboards need 8\.19 or later/);
  });

  test('credentials that are wrong, or missing, and what to do', async () => {
    await begin({ users: { 'me:right': null }, apiKeys: { Zm9v: null } });
    await assert.rejects(pushed({}), /does not know who asks \(401.*set KIBANA_API_KEY, or KIBANA_USERNAME/);
    await assert.rejects(pushed({}, { username: 'me', password: 'wrong' }), /KIBANA_PASSWORD is wrong/);
    await assert.rejects(pushed({}, { apiKey: 'YmFy' }), /KIBANA_API_KEY is wrong or has expired/);
    assert.equal(await summary({}, { username: 'me', password: 'right' }), '4 created');
    assert.equal(await summary({}, { apiKey: 'Zm9v' }), '4 same');
  });

  test('a right that is missing, by the name that Kibana’s page of roles has for it', async () => {
    await begin({ users: { 'me:right': ['dashboard', 'search', 'tag'] } });
    const outcome = pushed({}, { username: 'me', password: 'right' });
    await assert.rejects(
      outcome,
      /403, Unable to bulk_get index-pattern\); its role needs the Kibana privilege Data View Management \(all\)/,
    );
  });
});

describe('a Kibana that is starting, away, or none', () => {
  beforeEach(() => begin());

  test('one that is starting, or has too much to do, is worth waiting for', async () => {
    kibana.isStarting = true;
    await assert.rejects(pushed({}), error => kindOf(error) === 'wait' && /it is starting/.test(String(error)));
    kibana.isStarting = false;
    for (const status of [429, 502, 504]) {
      kibana.faults.push((_, response) => {
        response.writeHead(status).end('<html>');
        return 'done';
      });
      await assert.rejects(pushed({}), error => kindOf(error) === 'wait');
    }
    assert.equal(await summary({}), '4 created');
  });

  test('one that is away, too', async () => {
    await kibana.go();
    await assert.rejects(pushed({}), error => kindOf(error) === 'wait' && /does not answer/.test(String(error)));
    await kibana.come();
  });

  test('a redirect is not followed, so that no password goes elsewhere', async () => {
    const other = await KibanaStandIn.start();
    try {
      kibana.faults.push((_, response) => {
        response.writeHead(302, { location: `${other.url}/api/status` }).end();
        return 'done';
      });
      await assert.rejects(pushed({}, { username: 'me', password: 'secret' }), /redirects to another address \(302\)/);
      assert.deepEqual(other.requests, []);
    } finally {
      await other.go();
    }
  });

  test('something else that answers is no Kibana', async () => {
    kibana.faults.push((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      return 'done';
    });
    await assert.rejects(pushed({}), /is KIBANA_URL a Kibana’s\?/);
  });

  test('an answer without an end is not read to its end, and one that is not ended is not waited for', async () => {
    const endless = Buffer.alloc(1 << 20, 'x');
    kibana.faults.push((_, response) => {
      response.writeHead(200);
      const write = (): void => void (response.destroyed || response.write(endless, write));
      write();
      return 'done';
    });
    const given = kibana.settings();
    const short = new Kibana(given, { bounds: { allMs: 30_000, bytes: 8 << 20 } });
    await assert.rejects(short.state(), /answers more than 8 MB; is it a Kibana\?/);
    kibana.faults.push((_, response) => {
      response.writeHead(200).write('{');
      return 'done';
    });
    const hasty = new Kibana(given, { bounds: { allMs: 200, bytes: 8 << 20 } });
    await assert.rejects(
      hasty.state(),
      error => kindOf(error) === 'wait' && /no answer within 0\.2 s/.test(String(error)),
    );
  });
});

describe('a push that is stopped in the middle', () => {
  beforeEach(() => begin());

  test('what arrived without our knowing is ours when it is pushed again, and no person’s', async () => {
    kibana.afterImport = response => response.destroy();
    await assert.rejects(pushed({}), error => kindOf(error) === 'wait');
    kibana.afterImport = null;
    assert.equal(kibana.store.all('default').length, 4);
    assert.equal(await summary({}), '4 same');
    const changed = wantedDashboard('sales', { columns: ['DAY'] });
    assert.equal(await summary({ wanted: [changed] }), '2 updated, 2 same');
  });

  test('what a person changed after it is a person’s all the same', async () => {
    kibana.afterImport = response => response.destroy();
    await assert.rejects(pushed({}));
    kibana.afterImport = null;
    kibana.store.update('default', of('dashboard'), { description: 'mine' });
    assert.equal(await summary({}), '3 same, 1 kept');
  });

  test('what a person changes before we have asked what arrived is a person’s', async () => {
    kibana.afterImport = () => kibana.store.update('default', of('dashboard'), { description: 'mine' });
    await pushed({});
    kibana.afterImport = null;
    const changed = wantedDashboard('sales', { columns: ['DAY'] });
    assert.match(await summary({ wanted: [changed] }), /1 kept/);
    assert.equal(kibana.store.get('default', of('dashboard'))?.attributes['description'], 'mine');
  });

  test('what a person imports after an update was refused is a person’s', async () => {
    await pushed({});
    const changed = wantedDashboard('sales', { title: 'Sales of the year' });
    kibana.faults.push((request, response) => {
      if (request.url?.includes('_import') !== true) return 'pass';
      const refusal = { statusCode: 403, error: 'Forbidden', message: 'Unable to bulk_create dashboard' };
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify(refusal));
      return 'done';
    });
    await assert.rejects(pushed({ wanted: [changed] }), /403/);
    const mine = SALES.objects.map(object => ({
      ...object,
      attributes: { ...object.attributes, description: 'mine' },
    }));
    await new Kibana(kibana.settings()).import(toNdjson(mine.filter(({ type }) => type === 'dashboard')), {
      overwrite: true,
    });
    await pushed({ wanted: [changed] });
    await pushed({ wanted: [wantedDashboard('sales', { title: 'Sales of all years' })] });
    assert.equal(kibana.store.get('default', of('dashboard'))?.attributes['description'], 'mine');
  });

  test('an update that did not arrive is sent again', async () => {
    await pushed({});
    const changed = wantedDashboard('sales', { columns: ['DAY'] });
    kibana.faults.push((request, response) => {
      if (request.url?.includes('_import') !== true) return 'pass';
      response.destroy();
      return 'done';
    });
    await assert.rejects(pushed({ wanted: [changed] }), error => kindOf(error) === 'wait');
    assert.equal(await summary({ wanted: [changed] }), '2 updated, 2 same');
  });
});

test('a hundred dashboards go in a few imports', async () => {
  await begin({ basePath: '/kibana' });
  const wanted = Array.from({ length: 100 }, (_, index) => wantedDashboard(`dataset-${index}`));
  assert.equal(await summary({ wanted }), '301 created');
  assert.equal(kibana.requests.filter(request => request.includes('_import')).length, 4);
  assert.equal(await summary({ wanted }), '301 same');
});
