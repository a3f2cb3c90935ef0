import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placed, type Unplaced } from './layout.ts';

const panel: Unplaced = { key: 'k', title: '', kind: 'text', markdown: '' };

test('lines are filled from edge to edge, and no panel lies over another', () => {
  const band = fc.record({
    height: fc.integer({ min: 1, max: 20 }),
    perLine: fc.integer({ min: 1, max: 6 }),
    panels: fc.array(fc.constant(panel), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.array(band, { maxLength: 6 }), bands => {
      const taken = new Set<string>();
      const panels = placed(bands);
      for (const { place } of panels) {
        assert.ok(place.x >= 0 && place.x + place.w <= 48 && place.w > 0);
        for (let x = place.x; x < place.x + place.w; x++)
          for (let y = place.y; y < place.y + place.h; y++) {
            assert.ok(!taken.has(`${x},${y}`));
            taken.add(`${x},${y}`);
          }
      }
      const rows = new Set([...taken].map(cell => cell.split(',')[1]));
      assert.equal(taken.size, rows.size * 48);
    }),
  );
});

test('five in lines of four are three and two', () => {
  const panels = placed([{ height: 2, perLine: 4, panels: Array.from({ length: 5 }, () => panel) }]);
  assert.deepEqual(
    panels.map(({ place: { x, y, w } }) => [x, y, w]),
    [
      [0, 0, 16],
      [16, 0, 16],
      [32, 0, 16],
      [0, 2, 24],
      [24, 2, 24],
    ],
  );
});
